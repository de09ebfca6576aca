"""Write the reference pages that are made of the decoder's own tables: `python docs/generate.py`."""

from __future__ import annotations

from pathlib import Path

from skywitness.messages.mode_s.reference_names import messages_page, names_page

PAGES = {"messages.md": messages_page, "names.md": names_page}


def main() -> None:
    """Write every page."""
    target = Path(__file__).parent / "reference"
    target.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (target / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
