"""Set-up compiles every kernel with one signature, and a second time nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def compile_once() -> str:
    done = subprocess.run([sys.executable, "-m", "skywitness.run.compile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="about compiled code")
def test_every_kernel_is_compiled_with_one_signature_and_only_once():
    compile_once()  # into the cache in use, where make has been before
    assert " 0 compiled now" in compile_once()
