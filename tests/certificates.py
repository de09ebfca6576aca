"""Certificates made for a test; the program `openssl` signs them."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["make_certificate"]


def make_certificate(directory: Path, *names: str, stem: str = "node") -> tuple[Path, Path]:
    """Make a certificate that trusts itself, good for a day; return its file and that of its key.

    names  host names and IP addresses that it is for
    """
    certificate, key = directory / f"{stem}.pem", directory / f"{stem}.key"
    whom = ",".join(f"IP:{name}" if name[0].isdigit() else f"DNS:{name}" for name in names)
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", str(key), "-out", str(certificate), "-days", "1", "-subj", f"/CN={names[0]}",
            "-addext", f"subjectAltName={whom}",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key
