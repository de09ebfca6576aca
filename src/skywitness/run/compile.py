"""Compile every kernel with the one signature the program uses: at set-up, or on first use.

`python -m skywitness.run.compile` walks the true code paths over a small input, so the signatures compiled are those
used, and says how long each kernel took. A kernel that the walk does not reach, or that it compiles with two
signatures, is an error: the first would be compiled under a user's eyes, the second twice.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import pkgutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import skywitness
from skywitness.kernel import KERNELS, cache_root, kernel_event

__all__ = ["Compilation", "announce_compilation", "compile_all", "import_all", "main"]

NOTICE = "skywitness: compiling for this computer (once a version, less than a minute)"


@dataclass(slots=True)
class Compilation:
    """What `compile_all` did.

    seconds     CPU seconds by kernel, of those that were not on disk yet
    total_s     CPU seconds in all, imports and the walk's own work included
    unreached   kernels the walk did not call
    doubled     kernels compiled with more than one signature
    """

    seconds: dict[str, float] = field(default_factory=dict)
    total_s: float = 0.0
    unreached: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)


def import_all() -> list[str]:
    """Import every module of the package, so that every kernel is known; return their names."""
    names = [info.name for info in pkgutil.walk_packages(skywitness.__path__, "skywitness.")]
    for name in names:
        if not name.endswith("__main__"):
            importlib.import_module(name)
    return names


def compile_all(say: Callable[[str], None] = lambda line: None) -> Compilation:
    """Compile what is not compiled yet and account for every kernel; `say` gets one line a kernel."""
    from skywitness.run.walk import STEPS

    result = Compilation()
    begun: list[float] = []

    def started(name: str) -> None:
        begun.append(time.process_time())

    def ended(name: str) -> None:
        spent = time.process_time() - begun.pop()
        result.seconds[name] = result.seconds.get(name, 0.0) + spent
        say(f"{spent:6.2f} s  {name}")

    start = time.process_time()
    with kernel_event(started, ended):
        import_all()
        for step in STEPS:
            step()
    result.total_s = time.process_time() - start
    for name, compiled in sorted(KERNELS.items()):
        signatures = getattr(compiled, "signatures", [None])  # a plain function if compilation is switched off
        if not signatures:
            result.unreached.append(name)
        elif len(signatures) > 1:
            result.doubled.append(f"{name}: {' and '.join(map(str, signatures))}")
    return result


@contextlib.contextmanager
def announce_compilation() -> Iterator[None]:
    """Say so once on standard error when a kernel has to be compiled, instead of seeming to hang."""
    said: list[str] = []

    def started(name: str) -> None:
        if not said:
            said.append(name)
            print(NOTICE, file=sys.stderr, flush=True)

    with kernel_event(started):
        yield


def main(argv: Sequence[str] | None = None) -> int:
    """Compile everything; exit 1 if a kernel was not reached or has two signatures."""
    parser = argparse.ArgumentParser(prog="python -m skywitness.run.compile", description=__doc__)
    parser.add_argument("--quiet", action="store_true", help="one line instead of one a kernel")
    args = parser.parse_args(argv)
    print(f"compiling into {cache_root()}", flush=True)
    result = compile_all((lambda line: None) if args.quiet else print)
    print(f"{len(KERNELS)} kernels, {len(result.seconds)} compiled now, {result.total_s:.1f} s of CPU")
    for name in result.unreached:
        print(f"not reached: {name}", file=sys.stderr)
    for name in result.doubled:
        print(f"two signatures: {name}", file=sys.stderr)
    return 1 if result.unreached or result.doubled else 0


if __name__ == "__main__":
    sys.exit(main())
