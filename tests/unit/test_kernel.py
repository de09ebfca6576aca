"""Machine code is kept, found again, and thrown away when anything it was made of changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from skywitness import kernel

SCALAR = """
from __future__ import annotations
from skywitness.kernel import scalar
@scalar
def one_more(x):
    return x + {amount}
"""

KERNEL = """
from __future__ import annotations
from skywitness.kernel import kernel
from skywitness.definitions import (
    one_more,
)
@kernel
def count_up(values):
    total = 0
    for i in range(len(values)):
        total = one_more(total)
    return total
"""

RUN = """
import numpy as np
from skywitness import kernel
from skywitness.loops import count_up
compiled = []
before = kernel.is_compiled("skywitness.loops.count_up")
with kernel.kernel_event(compiled.append):
    answer = count_up(np.zeros(3))
print(answer, compiled, before, kernel.is_compiled("skywitness.loops.count_up"))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small package with the project's own `kernel.py`."""
    root = tmp_path / "skywitness"
    root.mkdir()
    (root / "__init__.py").touch()
    shutil.copy(kernel.__file__, root)
    (root / "definitions.py").write_text(SCALAR.format(amount=1))
    (root / "loops.py").write_text(KERNEL)
    return root


def run(package: Path, **environment: str) -> str:
    paths = {"PYTHONPATH": str(package.parent), "SKYWITNESS_KERNEL_CACHE": str(package.parent / "cache")}
    variables = os.environ | paths | environment
    command = [sys.executable, "-c", RUN]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=variables, cwd=package.parent)
    return done.stdout.strip()


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="about compiled code")
def test_an_edit_in_another_file_is_noticed_and_nothing_is_compiled_twice(package: Path):
    assert run(package) == "3 ['skywitness.loops.count_up'] False True"
    assert run(package) == "3 [] True True"
    (package / "definitions.py").write_text(SCALAR.format(amount=2))
    assert run(package) == "6 ['skywitness.loops.count_up'] False True"
    (package / "definitions.py").write_text(SCALAR.format(amount=1))
    assert run(package) == "3 [] True True"


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="about compiled code")
def test_a_place_that_cannot_be_written_is_passed_over(package: Path):
    (package.parent / "file").touch()
    elsewhere = {"XDG_CACHE_HOME": str(package.parent / "file" / "cache"), "HOME": str(package.parent / "file")}
    answer = run(
        package, SKYWITNESS_KERNEL_CACHE=str(package.parent / "file" / "x"), TMPDIR=str(package.parent), **elsewhere
    )
    assert answer.startswith("3 ")
    assert list(package.parent.glob("skywitness-*/kernels/loops-*"))


def test_the_key_follows_imports_of_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, text in {
        "a": "from skywitness.b import f\n",
        "b": "from skywitness import (\n    c,\n    d,\n)\n",
        "c": "from skywitness.inner import x as y\n",
        "d": "import os\n",
        "e": "",
    }.items():
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "__init__.py").touch()
    monkeypatch.setattr(kernel, "PACKAGE_ROOT", tmp_path)
    kernel._imports.cache_clear()
    found = {str(path.relative_to(tmp_path)) for path in kernel._closure(tmp_path / "a.py")}
    assert found == {"a.py", "b.py", "c.py", "d.py", "inner/__init__.py"}


def test_kernels_are_plain_python_when_compilation_is_off(package: Path):
    assert run(package, NUMBA_DISABLE_JIT="1").startswith("3 [] ")
