"""Build the documentation: `python docs/build.py site`.

Markdown in, a few static pages out: no script, no font and no address of anybody else. Two reference pages are
generated from the program itself (columns from the batches, commands from their own help), so they cannot be out of
date. A link to a page or heading that does not exist stops the build.
"""

from __future__ import annotations

import contextlib
import dataclasses
import html
import io
import os
import re
import shutil
import sys
from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.anchors import anchors_plugin

from skywitness import __version__, batches, cli

DOCS = Path(__file__).parent
SECTIONS = {"": "skywitness", "guide": "Guide", "reference": "Reference", "decisions": "Decisions"}
FIRST = (
    "index",
    "first-steps",
    "commands",
    "positions",
    "messages",
    "formats",
    "python",
)  # in this order, then the rest by name
LINK = re.compile(r'(<a href=")([^"]*)"')

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · skywitness</title>
<link rel="stylesheet" href="{root}style.css">
</head>
<body>
<nav aria-label="Pages">{nav}<p>version {version}</p></nav>
<main>
{body}</main>
</body>
</html>
"""


@dataclasses.dataclass
class Page:
    """One page: `path` is relative and without suffix, "guide/formats"."""

    path: str
    text: str
    title: str = ""
    body: str = ""


def columns_page() -> str:
    """Every column of every batch, from the batches themselves."""
    parts = ["# Columns", "Every table is a batch of equally long arrays. A missing value is null in Arrow."]
    for name in ("Frames", "Messages", "Positions"):
        batch = getattr(batches, name)
        parts.append(f"## {name}\n\n{cleaned(batch.__doc__)}")
        rows = ["| column | type | missing | meaning |", "|---|---|---|---|"]
        for field in dataclasses.fields(batch):
            dtype, width = batch.dtypes()[field.name]
            kind = f"{width} x {dtype.name}" if width > 1 else dtype.name
            gap = "NaN" if dtype.kind == "f" else field.metadata["missing"]
            rows.append(f"| `{field.name}` | {kind} | {'' if gap is None else gap} | {field.metadata['doc']} |")
        parts.append("\n".join(rows))
    for name in ("STATUSES", "VERDICTS", "REASONS", "POSITION_SOURCES", "ADDRESS_KINDS", "TIMINGS", "PROVENANCES"):
        codes = ", ".join(f"{code} `{word}`" for code, word in enumerate(getattr(batches, name)))
        parts.append(f"## {name}\n\n{codes}")
    return "\n\n".join(parts) + "\n"


def commands_page() -> str:
    """The help of every command, as it prints it."""
    os.environ["COLUMNS"] = "100"  # argparse folds to the terminal otherwise
    parts = ["# Options of every command"]
    for name in ("", *cli.COMMANDS):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            cli.main([name, "--help"] if name else ["--help"])
        parts.append(f"## skywitness {name}\n\n```\n{printed.getvalue().rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def cleaned(docstring: str | None) -> str:
    """Return a docstring without its indentation."""
    return "\n".join(line.strip() for line in (docstring or "").strip().splitlines())


def read_pages() -> list[Page]:
    """All pages, rendered, in the order of the navigation."""
    pages = [Page(str(file.relative_to(DOCS).with_suffix("")), file.read_text()) for file in DOCS.rglob("*.md")]
    pages += [Page("reference/columns", columns_page()), Page("reference/options", commands_page())]
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(anchors_plugin, max_level=3)
    for page in pages:
        found = re.search(r"^# (.+)$", page.text, re.MULTILINE)
        page.title = found.group(1) if found else page.path
        page.body = LINK.sub(
            lambda link: f'{link[1]}{re.sub(r"[.]md(?=#|$)", ".html", link[2])}"', markdown.render(page.text)
        )
    return sorted(pages, key=place)


def place(page: Page) -> tuple[int, int, str]:
    """Sort key: section, then the pages to read first, then the name."""
    section, _, name = page.path.rpartition("/")
    return list(SECTIONS).index(section), FIRST.index(name) if name in FIRST else len(FIRST), name


def navigation(pages: list[Page], here: Page, root: str) -> str:
    """The list of pages, the present one marked."""
    parts = []
    for section, title in SECTIONS.items():
        items = [page for page in pages if page.path.rpartition("/")[0] == section]
        links = "".join(
            f'<li><a href="{root}{page.path}.html"{" aria-current=page" if page is here else ""}>'
            f"{html.escape(page.title)}</a></li>"
            for page in items
        )
        if links:
            parts.append(f"<h2>{title}</h2><ul>{links}</ul>")
    return "".join(parts)


def broken_links(pages: list[Page]) -> list[str]:
    """Links to pages or headings that do not exist."""
    anchors = {page.path: {""} | set(re.findall(r' id="([^"]+)"', page.body)) for page in pages}
    broken = []
    for page in pages:
        for _, target in LINK.findall(page.body):
            if re.match(r"[a-z]+:", target):
                continue  # another site: not ours to keep alive
            file, _, anchor = target.partition("#")
            name = page.path
            if file:
                joined = Path("/") / Path(page.path).parent / file
                name = str(Path(*resolve(joined.parts[1:]))).removesuffix(".html")
            if anchor not in anchors.get(name, set()):
                broken.append(f"{page.path}: {target}")
    return broken


def resolve(parts: tuple[str, ...]) -> list[str]:
    """Path parts without `..` and `.`."""
    done: list[str] = []
    for part in parts:
        if part == "..":
            done = done[:-1]
        elif part != ".":
            done.append(part)
    return done


def build(target: Path) -> list[Page]:
    """Write the site; raise SystemExit naming every broken link."""
    pages = read_pages()
    if broken := broken_links(pages):
        raise SystemExit("broken links:\n  " + "\n  ".join(broken))
    shutil.rmtree(target, ignore_errors=True)
    for page in pages:
        file = target / f"{page.path}.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        root = "../" * page.path.count("/")
        nav = navigation(pages, page, root)
        file.write_text(
            PAGE.format(title=html.escape(page.title), root=root, nav=nav, version=__version__, body=page.body),
            encoding="utf-8",
        )
    for name in ("style.css", "demo.svg"):
        shutil.copy(DOCS / name, target)
    return pages


if __name__ == "__main__":
    destination = Path(sys.argv[1] if len(sys.argv) > 1 else "site")
    print(f"{len(build(destination))} pages in {destination}/index.html")
