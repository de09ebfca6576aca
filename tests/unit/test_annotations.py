"""Every function says its types and what it is; kernels and scalars say their shapes instead."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "skywitness"
FILES = sorted(SOURCE.rglob("*.py"))
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def relative(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def decorators(node: FunctionNode | ast.ClassDef) -> set[str]:
    return {getattr(d, "id", getattr(d, "attr", "")) for d in node.decorator_list}


def is_compiled(node: FunctionNode) -> bool:
    return bool(decorators(node) & {"scalar", "kernel"})


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, FunctionNode]]:
    """Functions of a module and methods of its classes, with dotted names; not those inside functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, FunctionNode):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.If):
            yield from functions(node, prefix)


def unannotated(node: FunctionNode) -> list[str]:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    arguments += [extra for extra in (node.args.vararg, node.args.kwarg) if extra]
    missing = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
    return missing + ([] if node.returns else ["return"])


def is_public(name: str) -> bool:
    return not any(part.startswith("_") for part in name.split("."))


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_functions_are_annotated(path: Path):
    wrong = []
    for outer in ast.walk(ast.parse(path.read_text())):
        if isinstance(outer, FunctionNode) and not is_compiled(outer) and (missing := unannotated(outer)):
            wrong.append(f"{path.name}:{outer.lineno} {outer.name}: no annotation for {', '.join(missing)}")
    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_compiled_functions_are_not_annotated(path: Path):
    for name, node in functions(ast.parse(path.read_text())):
        if is_compiled(node):
            assert "return" in unannotated(node), f"{name}: its types are inferred; give shapes in the docstring"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_public_things_have_docstrings(path: Path):
    tree = ast.parse(path.read_text())
    missing = [] if ast.get_docstring(tree) else ["the module"]
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    missing += [node.name for node in classes if is_public(node.name) and not ast.get_docstring(node)]
    for name, node in functions(tree):
        told_elsewhere = decorators(node) & {"overload", "setter", "override"}
        if is_public(name) and not ast.get_docstring(node) and not told_elsewhere:
            missing.append(name)
    assert not missing


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_kernels_are_named_by_what_they_do_to_memory(path: Path):
    for name, node in functions(ast.parse(path.read_text())):
        if "kernel" in decorators(node):
            assert name.lstrip("_").startswith(("fill_", "find_", "count_")), name


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_annotations_are_postponed(path: Path):
    tree = ast.parse(path.read_text())
    if any(not isinstance(node, ast.Expr) for node in tree.body):  # more than a docstring
        futures = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
        assert [name.name for node in futures for name in node.names] == ["annotations"]
