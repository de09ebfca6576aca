"""`python -m fuzz --minutes 10 DIRECTORY`: coverage-guided search; inputs that reach new code are kept in DIRECTORY.

Needs atheris and NUMBA_DISABLE_JIT=1. CPU minutes are those of one process. A crash ends it, with the
input in DIRECTORY/crash-*.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

__all__ = ["main"]


def main() -> int:
    """Search; does not return when the search ends, the fuzzer exits by itself."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("directory", type=Path, help="the corpus: read, and added to")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to search (10)")
    parser.add_argument("--seed", type=int, default=1090, help="of the mutations (1090)")
    args = parser.parse_args()
    if os.environ.get("NUMBA_DISABLE_JIT") != "1":
        print("fuzz: set NUMBA_DISABLE_JIT=1, or coverage cannot see the kernels", file=sys.stderr)
        return 2
    try:
        import atheris
    except ImportError:
        print("fuzz: atheris is not installed (it has no wheel for every Python)", file=sys.stderr)
        return 2

    with atheris.instrument_imports(include=["skywitness"]):
        from fuzz.targets import one_input, seeds

    args.directory.mkdir(parents=True, exist_ok=True)
    for name, content in seeds():
        (args.directory / f"seed-{name}").write_bytes(content)
    options = [
        str(args.directory),
        f"-max_total_time={round(args.minutes * 60)}",
        f"-seed={args.seed}",
        "-max_len=1024",
        "-len_control=20",  # grow soon: a position takes two frames, a growing table many
        "-timeout=20",  # seconds for one input, kernels being plain Python: longer is a hang
        "-rss_limit_mb=3000",
        f"-artifact_prefix={args.directory}/",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options], one_input)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
