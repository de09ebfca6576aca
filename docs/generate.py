"""Write the reference pages that are made of the program's own tables: `python docs/generate.py`."""

from __future__ import annotations

from pathlib import Path

from skywitness.cli.config import toml_value
from skywitness.messages.mode_s.reference_names import messages_page, names_page
from skywitness.run.config import PREFIX, load_config

SETTINGS = """\
# Settings

Settings stand in `skywitness.toml` (`--config FILE`, or the one in the working directory), in variables of the
environment, or on the command line of `skywitness serve`. The command line wins over the environment, that over the
file, that over the default. `skywitness config` shows what holds and why; `skywitness config --toml` writes a file to
begin with.

A setting that does not exist, or a value of the wrong kind, stops the program with a sentence.
"""


def settings_page() -> str:
    """Every setting, from the settings themselves."""
    parts = [SETTINGS]
    section = None
    for one in load_config(None, {}, {})[1]:
        before = one.path.rpartition(".")[0]
        if before != section:
            section = before
            parts.append(f"\n## {f'[{section}]' if section else 'General'}\n\n")
            parts.append("| setting | default | what it does | variable |\n|---|---|---|---|\n")
        variable = PREFIX + one.path.upper().replace(".", "__")
        parts.append(f"| `{one.path}` | `{toml_value(one.value)}` | {one.doc} | `{variable}` |\n")
    return "".join(parts)


PAGES = {"messages.md": messages_page, "names.md": names_page, "settings.md": settings_page}


def main() -> None:
    """Write every page."""
    target = Path(__file__).parent / "reference"
    target.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (target / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
