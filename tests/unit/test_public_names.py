"""The names people may rely on exist, once, and are listed in order."""

from __future__ import annotations

import ast
import importlib
import tomllib
from pathlib import Path

import pytest

import skywitness

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "src" / "skywitness").rglob("*.py"))


def listed(path: Path) -> list[str] | None:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return ast.literal_eval(node.value)
    return None


def public_definitions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_what_a_module_lists_exists(path: Path):
    names = listed(path)
    if names is None:
        assert not public_definitions(path), "a module with public names lists them in __all__"
        return
    assert len(set(names)) == len(names)  # their order is the linter's, RUF022
    if path.name != "__main__.py":
        dotted = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
        module = importlib.import_module(dotted)
        assert [name for name in names if not hasattr(module, name)] == []


@pytest.mark.parametrize("name", [name for name in skywitness.__all__ if name != "__version__"])
def test_public_names_are_found(name: str):
    assert getattr(skywitness, name) is not None
    assert name in dir(skywitness)


def test_type_checkers_see_the_public_names_where_they_are():
    told = {}
    for node in ast.walk(ast.parse((ROOT / "src" / "skywitness" / "__init__.py").read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("skywitness"):
            told |= {alias.asname or alias.name: f"{node.module}:{alias.name}" for alias in node.names}
    assert told == skywitness.PUBLIC


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        skywitness.nothing  # noqa: B018


def test_the_version_is_told_once_too_often_but_equal():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert skywitness.__version__ == project["version"]
    assert set(skywitness.PUBLIC) | {"__version__"} == set(skywitness.__all__)
