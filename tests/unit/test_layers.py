"""Data flows down the picture, imports point up it; the core touches nothing but its input."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "skywitness"
EDGES = {"cli", "run", "sources", "archive", "views", "__main__.py", "__init__.py"}
CORE = sorted(path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] not in EDGES)
WORLD = {
    "asyncio", "builtins", "concurrent", "http", "logging", "multiprocessing", "os", "random", "secrets", "select",
    "signal", "socket", "ssl", "subprocess", "tempfile", "threading", "time", "urllib", "warnings",
}  # fmt: skip
ALLOWED = {"kernel.py": {"os", "tempfile"}}  # where compiled code is kept


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(SOURCE)))
def test_the_core_touches_nothing_of_the_world(path: Path):
    found = imported(ast.parse(path.read_text())) & WORLD
    assert found <= ALLOWED.get(path.name, set())


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(SOURCE)))
def test_the_core_imports_its_own_at_the_top(path: Path):
    """An import inside a function says that the function is in the wrong room."""
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            assert "skywitness" not in imported(function), f"{path.name}: {function.name}"


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(SOURCE)))
def test_the_core_opens_no_file_and_prints_nothing(path: Path):
    if path.relative_to(SOURCE).parts[0] in ("reference", "kernel.py"):  # packaged tables; the cache's place
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            assert getattr(node.func, "id", "") not in ("open", "print", "input"), f"{path.name}:{node.lineno}"


def test_imports_follow_the_picture():
    """The contract is in pyproject.toml; this makes a broken one a failed test wherever tests run."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
