"""The two decorators for compiled code, and where the compiled code is kept.

`@scalar` is a definition: one value in, one value out, readable. `@kernel` is a loop over columns that calls scalars.
In Python code call `plain(scalar)`: it needs no compiler. Inside kernels call it plainly.

Numba notices an edit of the function's own file but not of a function it calls in another file, so each module's
kernels are cached in a directory whose name is a hash of that module's source and of every module of the package
it imports, of the Numba, llvmlite and Python versions, and of the CPU.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import llvmlite
import llvmlite.binding
import numba
import numba.core.config
import numba.core.event
import numpy as np
import platformdirs
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = [
    "KERNELS",
    "cache_root",
    "is_compiled",
    "kernel",
    "kernel_event",
    "load_word8",
    "plain",
    "prefetch",
    "scalar",
]

numba_config: Any = numba.core.config

PACKAGE_ROOT = Path(__file__).parent
IMPORT_LINE = re.compile(r"^\s*from\s+(skywitness[\w.]*)\s+import\s+(?:\(([^)]*)\)|([^\n(]*))", re.MULTILINE)

KERNELS: dict[str, Any] = {}
"""Every kernel of the modules imported so far, by qualified name."""


def scalar(function: Callable[..., Any]) -> Any:
    """Mark the definition of one value; `.py_func` is the plain Python function.

    Only kernels call the compiled one: no way in from Python is made for it, which saves a quarter of all compilation.
    Called from Python it runs as `plain`.
    """
    compiled = _njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    return _without_entry(_without_literals(_with_py_func(compiled)))


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a loop over columns, once, on first use; the machine code is kept on disk.

    Never `fastmath` (it may assume NaN away, and NaN is our "unknown") and never `parallel` (the order of sums would
    not be fixed). Division by zero gives inf or NaN as in NumPy; kernels do not raise.
    """
    previous = numba_config.CACHE_DIR
    numba_config.CACHE_DIR = str(cache_root() / _module_key(Path(function.__code__.co_filename)))
    try:
        compiled = _with_py_func(_njit(cache=True, no_cfunc_wrapper=True)(_plain_records(function)))
    finally:
        numba_config.CACHE_DIR = previous
    KERNELS[f"{function.__module__}.{function.__qualname__}"] = compiled
    return compiled


@functools.cache
def plain(function: Any) -> Callable[..., Any]:
    """Return a scalar as plain Python, every scalar it calls replaced likewise, so that nothing is compiled.

    `.py_func` alone still calls the compiled versions of other scalars.
    """
    python: Callable[..., Any] = getattr(function, "py_func", function)
    called = {name: python.__globals__.get(name) for name in python.__code__.co_names}
    inner = {name: plain(value) for name, value in called.items() if hasattr(value, "py_func")}
    if not inner:
        return python
    twin = FunctionType(python.__code__, {**python.__globals__, **inner}, python.__name__, python.__defaults__)
    twin.__doc__ = python.__doc__
    return twin


@functools.cache
def cache_root() -> Path:
    """Return the directory of compiled kernels: `SKYWITNESS_KERNEL_CACHE`, the user's cache, or a temporary one."""
    chosen = os.environ.get("SKYWITNESS_KERNEL_CACHE")
    for candidate in (chosen, platformdirs.user_cache_dir("skywitness", appauthor=False)):
        if candidate and _is_writable(Path(candidate) / "kernels"):
            return Path(candidate) / "kernels"
    return Path(tempfile.gettempdir()) / f"skywitness-{os.getuid() if hasattr(os, 'getuid') else 'user'}" / "kernels"


def is_compiled(name: str) -> bool:
    """Say whether machine code for the kernel's present source is already on disk."""
    compiled = KERNELS[name]
    module_directory = cache_root() / _module_key(Path(compiled.py_func.__code__.co_filename))
    return any(module_directory.rglob(f"*.{compiled.py_func.__name__}-*.nbi"))


@contextlib.contextmanager
def kernel_event(started: Callable[[str], None], ended: Callable[[str], None] = lambda name: None) -> Iterator[None]:
    """Call back, with the kernel's name, when a kernel begins and ends to compile; loading from disk is neither."""

    class Listener(numba.core.event.Listener):
        def on_start(self, event: Any) -> None:
            self._tell(started, event)

        def on_end(self, event: Any) -> None:
            self._tell(ended, event)

        def _tell(self, callback: Callable[[str], None], event: Any) -> None:
            function = getattr(event.data["dispatcher"], "py_func", None)
            name = f"{function.__module__}.{function.__qualname__}" if function else ""
            if name in KERNELS:  # a scalar compiles as part of its kernel
                callback(name)

    with numba.core.event.install_listener("numba:compile", Listener()):
        yield


def _njit(**options: Any) -> Any:
    """The flags that all compiled code shares, and those of one kind; Numba's stubs know but some of them."""
    njit: Any = numba.njit
    return njit(error_model="numpy", nogil=True, **options)


def _without_literals(compiled: Any) -> Any:
    """Compile a scalar once for all integers, not once for each constant it is called with.

    To Numba `field(me, 9, 20)` and `field(me, 21, 29)` are two signatures; constants are folded after inlining anyway.
    Takes a quarter off the compilation of the largest kernel.
    """
    if numba_config.DISABLE_JIT:
        return compiled
    original = compiled.get_call_template

    def get_call_template(args: Any, kws: Any) -> Any:
        plain_args = tuple(types.unliteral(arg) for arg in args)
        return original(plain_args, {name: types.unliteral(arg) for name, arg in kws.items()})

    compiled.get_call_template = get_call_template
    return compiled


def _without_entry(compiled: Any) -> Any:
    """Keep the dispatcher from offering compiled scalars to Python, which could not call them."""
    if numba_config.DISABLE_JIT:
        return compiled

    def add_overload(result: Any) -> None:
        compiled.overloads[tuple(result.signature.args)] = result

    compiled.add_overload = add_overload
    compiled._compile_for_args = lambda *args, **kws: plain(compiled)
    return compiled


def _plain_records(function: Callable[..., Any]) -> Callable[..., Any]:
    # Compiled code reads a record's field as an attribute; plain NumPy does so only for its record arrays.
    if not numba_config.DISABLE_JIT:
        return function

    @functools.wraps(function)
    def with_records(*arrays: Any) -> Any:
        return function(*(a.view(np.recarray) if isinstance(a, np.ndarray) and a.dtype.names else a for a in arrays))

    return with_records


def _with_py_func(compiled: Any) -> Any:
    # With NUMBA_DISABLE_JIT=1 (coverage, fuzzing) Numba returns the function itself.
    if not hasattr(compiled, "py_func"):
        compiled.py_func = compiled
    return compiled


def _is_writable(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError:
        return False


@functools.cache
def _platform_key() -> str:
    features = llvmlite.binding.get_host_cpu_features().flatten()
    cpu = f"{llvmlite.binding.get_host_cpu_name()} {features}"
    versions = f"{numba.__version__} {llvmlite.__version__} {sys.version_info[:2]} {platform.machine()}"
    return f"{versions} {cpu}"


@functools.cache
def _module_key(path: Path) -> str:
    digest = hashlib.sha256(_platform_key().encode())
    for source in sorted(_closure(path)):
        digest.update(source.read_bytes())
    return f"{path.stem}-{digest.hexdigest()[:16]}"


def _closure(path: Path) -> set[Path]:
    """Return the module's file and the files of all package modules it imports, directly or not."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current in found:
            continue
        found.add(current)
        waiting.extend(_imports(current))
    return found


@functools.cache
def _imports(path: Path) -> tuple[Path, ...]:
    files: list[Path] = []
    for match in IMPORT_LINE.finditer(path.read_text(encoding="utf-8")):
        module = match.group(1)
        names = [name.split(" as ")[0].strip() for name in (match.group(2) or match.group(3)).split(",")]
        for dotted in (module, *(f"{module}.{name}" for name in names if name)):
            target = PACKAGE_ROOT.joinpath(*dotted.split(".")[1:])
            for file in (target.with_suffix(".py"), target / "__init__.py"):
                if file.is_file() and file != PACKAGE_ROOT / "__init__.py":
                    files.append(file)
    return tuple(files)


@intrinsic
def _load_word8(typing_context: Any, rows: Any, row: Any, offset: Any) -> Any:
    """Generate the two instructions for `load_word8`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        stride = cgutils.unpack_tuple(builder, view.strides, 2)[0]
        place = builder.add(builder.mul(arguments[1], stride), arguments[2])
        word = ir.IntType(64)
        address = builder.bitcast(builder.gep(view.data, [place]), word.as_pointer())
        loaded = builder.load(address)
        loaded.align = 1
        return builder.bswap(loaded)

    return types.int64(rows, types.intp, types.intp), generate


if numba_config.DISABLE_JIT:

    def load_word8(rows: Any, row: int, offset: int) -> int:
        """Do as the compiled one does."""
        return int.from_bytes(bytes(rows[row, offset : offset + 8]), "big", signed=True)

else:

    @scalar
    def load_word8(rows, row, offset):
        """Eight bytes of a row, the first one most significant (rows: (n, m) uint8; offset + 8 at most m).

        return  int64, the first bit its sign
        The compiler does not join eight loads of a byte into one of a word by itself.
        """
        return _load_word8(rows, row, offset)


@intrinsic
def _prefetch(typing_context: Any, records: Any, row: Any, offset: Any) -> Any:
    """Generate the instruction for `prefetch`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        byte, integer = ir.IntType(8), ir.IntType(32)
        size = context.get_constant(types.intp, signature.args[0].dtype.size)
        place = builder.add(builder.mul(arguments[1], size), arguments[2])
        address = builder.gep(builder.bitcast(view.data, byte.as_pointer()), [place])
        kind = ir.FunctionType(ir.VoidType(), [byte.as_pointer(), integer, integer, integer])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        for_writing, keep_close, data = integer(1), integer(3), integer(1)
        builder.call(function, [address, for_writing, keep_close, data])
        return context.get_dummy_value()

    return types.none(records, types.intp, types.intp), generate


if numba_config.DISABLE_JIT:

    def prefetch(records: Any, row: int, offset: int) -> None:
        """Do nothing: there is no compiled code to hurry."""

else:

    @scalar
    def prefetch(records, row, offset):
        """Ask for the cache line at a byte of a record (records: 1-d) that will be wanted soon; no value changes.

        A fold over thousands of aircraft, each message of another one, else waits for memory part of its time.
        """
        _prefetch(records, row, offset)
