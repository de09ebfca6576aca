"""`python -m skywitness` is the command `skywitness`."""

from __future__ import annotations

import sys

from skywitness.cli import main

if __name__ == "__main__":
    sys.exit(main())
