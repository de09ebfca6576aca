"""Tars and traces made to take all memory, all time, or files elsewhere: refused, at bounded cost."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import time
from pathlib import Path

import pytest

from skywitness import cli
from skywitness.archive.reader import open_history

TRACE = gzip.compress(
    json.dumps(
        {
            "icao": "39de4f", "timestamp": 1711100000,
            "trace": [[i * 10.0, 50.0, 5 + 0.03 * i, 30000, 400, 90, 0, 0, None] for i in range(50)],
        }
    ).encode()
)  # fmt: skip
NAME = "traces/4f/trace_full_39de4f.json"
BOMB = gzip.compress(b" " * (16 << 20), 9) * 5
"""80 MB in 80 kB."""


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT)


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for member, data in members:
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
    return out.getvalue()


def member(
    name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info, data


def sparse() -> bytes:
    """A trace of 512 bytes and of zeros up to a terabyte."""
    with io.BytesIO() as out:
        info = tarfile.TarInfo(NAME)
        info.pax_headers = {
            "GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.size": str(1 << 40),
            "GNU.sparse.numblocks": "1", "GNU.sparse.map": "0,512",
        }  # fmt: skip
        info.size = 512
        out.write(info.tobuf(tarfile.PAX_FORMAT) + bytes(512) + bytes(1024))
        return out.getvalue()


HOSTILE = {
    "longer_than_all.tar": header(NAME, 1 << 50) + TRACE,
    "skipped_longer_than_all.tar": header("notes", 1 << 55) + TRACE,
    "table_longer_than_all.tar": header("states.csv", 1 << 50) + TRACE,
    "cut.tar": tar(member(NAME, TRACE))[:700],
    "holes.tar": sparse(),
    "bombs.tar": tar(*(member(f"traces/4f/trace_full_39de{i:02x}.json", BOMB) for i in range(3))),
    "trace_full_39de4f.json": BOMB,
    "packed.tar.gz": gzip.compress(header(NAME, 1 << 50) + bytes(20 << 20)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_soon_and_nothing_is_imported(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file, data = tmp_path / name, tmp_path / "data"
    file.write_bytes(HOSTILE[name])
    began = time.process_time()
    assert cli.main(["import", str(file), "--data", str(data)]) == 2
    assert time.process_time() - began < 5.0
    assert name in capsys.readouterr().err
    assert open_history(data).days() == []


def test_links_and_names_that_lead_elsewhere_touch_nothing(tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_bytes(TRACE)
    file, data = tmp_path / "elsewhere.tar", tmp_path / "data"
    file.write_bytes(
        tar(
            member("traces/trace_full_39de40.json", kind=tarfile.SYMTYPE, link=str(secret)),
            member("traces/trace_full_39de41.json", kind=tarfile.LNKTYPE, link=str(secret)),
            member("traces/trace_full_39de42.json", kind=tarfile.FIFOTYPE),
            member(f"{tmp_path}/outside/trace_full_39de4f.json", TRACE),
            member("../../trace_full_39de4f.json", TRACE),
        )
    )
    assert cli.main(["import", str(file), "--data", str(data)]) == 0
    assert len(open_history(data).positions(0, 1 << 62)) == 50
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "elsewhere.tar", "secret"]
