"""`python -m fuzz.replay DIRECTORY`: every input of a corpus once more, on the compiled kernels.

With NUMBA_BOUNDSCHECK=1 an index out of bounds, which compiled code would not notice, is an exception.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from pathlib import Path

from fuzz.targets import one_input

__all__ = ["main"]


def main() -> int:
    """Replay; exit 1 at the first input that breaks something."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.replay", description=__doc__)
    parser.add_argument("directory", type=Path)
    args = parser.parse_args()
    if os.environ.get("NUMBA_BOUNDSCHECK") != "1" or os.environ.get("NUMBA_DISABLE_JIT") == "1":
        print("replay: set NUMBA_BOUNDSCHECK=1 and not NUMBA_DISABLE_JIT", file=sys.stderr)
        return 2
    files = sorted(path for path in args.directory.iterdir() if path.is_file())
    slowest, slowest_file = 0.0, ""
    for file in files:
        start = time.process_time()
        try:
            one_input(file.read_bytes())
        except Exception:
            print(f"replay: {file} breaks it", file=sys.stderr)
            raise
        spent = time.process_time() - start
        if spent > slowest and file != files[0]:
            slowest, slowest_file = spent, file.name
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"replayed {len(files)} inputs: no exception; slowest {slowest:.2f} s ({slowest_file}), peak {peak_mb:.0f} MB"
    )
    return 0 if files else 1


if __name__ == "__main__":
    sys.exit(main())
