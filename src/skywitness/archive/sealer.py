"""Seals closed segments, off the hot path: a leaf hash for each reception, and the root of the tree over them.

Leaf: SHA-256(00 | version 1 | receiver id, 32 bytes | sequence u64 | time i64, ns | timing u8 | signal i16, 0.01 dB |
length u8 | frame), integers with the most significant byte first. Tree: RFC 6962, 2.1. The sealer is a process of its
own at the lowest priority: hashing short strings holds the interpreter's lock.

    python -m skywitness.archive.sealer DIRECTORY BELOW
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from skywitness.archive.durable import Files, put_file
from skywitness.archive.files import OsFiles
from skywitness.archive.segments import segment_path, segments_of, walk
from skywitness.batches import U8, Frames
from skywitness.errors import ArchiveError, FormatError
from skywitness.frames.formats.segment import read_receivers
from skywitness.frames.formats.segment_blocks import RECEPTIONS, UAT_RECEPTIONS, Block, decode_block, quantised
from skywitness.frames.formats.segment_uat import UatBlock, decode_uat_block, uat_leaves

__all__ = ["LEAF_VERSION", "Sealer", "Tree", "leaf_bytes", "leaves", "read_seal", "seal_segment", "unsealed"]

LEAF_VERSION = 1
SEAL_VERSION = 1
FIXED = 54
"""Bytes of a leaf before the frame."""
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_bytes(frames: Frames, sequence: np.ndarray, ids: dict[int, bytes]) -> U8:
    """Return the leaf of each row, padded with zeros to 68 bytes: `FIXED + length` of them count.

    ids  the 32 bytes of each receiver's number; one that is not known has zeros
    """
    rows = len(frames)
    out = np.zeros((rows, FIXED + frames.data.shape[1]), np.uint8)
    out[:, 1] = LEAF_VERSION
    top = int(frames.receiver.max()) + 1 if rows else 0
    names = np.zeros((top, 32), np.uint8)
    for number in set(frames.receiver.tolist()):
        names[number] = np.frombuffer(ids.get(number, bytes(32)), np.uint8)
    out[:, 2:34] = names[frames.receiver]
    out[:, 34:42] = octets(sequence.astype(">u8"))
    out[:, 42:50] = octets(frames.time_ns.astype(">i8"))
    out[:, 50] = frames.timing
    out[:, 51:53] = octets(quantised(frames.signal_dbfs).astype(">i2"))
    out[:, 53] = frames.length
    out[:, 54:] = frames.data
    return out


def octets(values: np.ndarray) -> U8:
    """The bytes of each number."""
    return values.view(np.uint8).reshape(len(values), values.dtype.itemsize)


def leaves(frames: Frames, sequence: np.ndarray, ids: dict[int, bytes]) -> list[bytes]:
    """Return the leaf hash of each row."""
    data = leaf_bytes(frames, sequence, ids)
    wide = data.shape[1]
    flat = data.tobytes()
    sha = hashlib.sha256
    starts = range(0, len(flat), wide)
    stops = (np.arange(len(data)) * wide + FIXED + frames.length.astype(np.int64)).tolist()
    return [sha(flat[a:b]).digest() for a, b in zip(starts, stops, strict=True)]


class Tree:
    """The root of the hash tree of RFC 6962, 2.1, over leaves that come one after another; memory is a few lists."""

    def __init__(self) -> None:
        self.size = 0
        self._levels: list[list[bytes]] = []
        """Nodes of each height that have no partner yet, and those that came since."""

    def push(self, digests: list[bytes]) -> None:
        """Take in leaf hashes."""
        self.size += len(digests)
        sha = hashlib.sha256
        height = 0
        while digests:
            if height == len(self._levels):
                self._levels.append([])
            both = self._levels[height] + digests
            even = len(both) & ~1
            self._levels[height] = both[even:]
            joined = b"".join(both[:even])
            digests = [sha(b"\x01" + joined[at : at + 64]).digest() for at in range(0, even * 32, 64)]
            height += 1

    def root(self) -> bytes:
        """The root over all leaves so far; of none, the hash of nothing."""
        right: bytes | None = None
        for level in self._levels:
            for left in level:
                right = left if right is None else hashlib.sha256(b"\x01" + left + right).digest()
        return EMPTY_ROOT if right is None else right


def seal_segment(path: Path, files: Files | None = None) -> dict[str, object]:
    """Hash a closed segment and write its seal beside it; return what the seal says.

    Raises FormatError if the segment is damaged, OSError if it cannot be read or the seal not be written.
    """
    tree = Tree()
    ids: dict[int, bytes] = {}
    digests: list[bytes] = []
    firsts: list[int] = []
    segment = -1
    for block, number in blocks_with_ids(path, ids):
        segment = number
        if isinstance(block, UatBlock):
            tree.push(uat_leaves(block, ids))
        else:
            tree.push(leaves(block.frames, block.sequence, ids))
        digests.append(block.digest)
        firsts.append(int(block.frames.id[0]) & 0xFFFFFFFF)
    if segment < 0:
        segment = int(path.stem)
    facts: dict[str, object] = {
        "version": SEAL_VERSION,
        "leaf_version": LEAF_VERSION,
        "segment": segment,
        "rows": tree.size,
        "root": tree.root().hex(),
        "blocks": len(digests),
        "receivers": {str(number): name.hex() for number, name in sorted(ids.items())},
    }
    body = json.dumps(facts, separators=(",", ":")).encode() + b"\n"
    body += np.array(firsts, "<u4").tobytes() + b"".join(digests)
    disk = files or OsFiles()
    put_file(disk, path.with_suffix(".seal"), body + hashlib.sha256(body).digest())
    disk.fsync_dir(path.parent)
    return facts


def blocks_with_ids(path: Path, ids: dict[int, bytes]) -> Iterator[tuple[Block | UatBlock, int]]:
    """Blocks of receptions and their segment; `ids` holds the receivers told so far."""
    for header, offset, head, stored in walk(path):
        try:
            if head.kind == UAT_RECEPTIONS:
                yield decode_uat_block(header.segment, head, stored), header.segment
            elif head.kind == RECEPTIONS:
                yield decode_block(header.segment, head, stored), header.segment
            else:
                ids.update({number: name for number, (_, name, _) in read_receivers(head, stored).items()})
        except FormatError as error:
            raise FormatError(error.what, source=path.name, offset=offset) from None


def read_seal(path: Path) -> tuple[dict[str, object], list[tuple[int, bytes]]]:
    """Return what a seal says, and first row and SHA-256 of each block.

    Raises ArchiveError if it is damaged or of a later version.
    """
    data = path.read_bytes()
    head, _, rest = data[:-32].partition(b"\n")
    if hashlib.sha256(data[:-32]).digest() != data[-32:]:
        raise ArchiveError("the seal is damaged", source=path.name, hint="Remove it; it is made anew.")
    facts: dict[str, object] = json.loads(head)
    if int(str(facts["version"])) > SEAL_VERSION:
        raise ArchiveError(
            f"it is of version {facts['version']}, this program reads up to {SEAL_VERSION}",
            source=path.name,
            hint="Update skywitness.",
        )
    count = int(str(facts["blocks"]))
    firsts = np.frombuffer(rest, "<u4", count).tolist()
    hashes = rest[4 * count :]
    return facts, [(first, hashes[32 * i : 32 * i + 32]) for i, first in enumerate(firsts)]


def unsealed(directory: Path, below: int) -> list[int]:
    """Closed segments, those with numbers below the one that is written, that have no seal."""
    return [
        n for n in segments_of(directory) if n < below and not segment_path(directory, n).with_suffix(".seal").exists()
    ]


class Sealer:
    """Runs the sealer's process when there is something to seal. One thread calls it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.failed: set[int] = set()
        """Segments that a process did not seal: not tried again before the next start."""
        self.backlog = 0
        """Closed segments without a seal, as of the last look."""
        self.sealed = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._asked: list[int] = []

    def look(self, below: int) -> None:
        """Begin or follow up the sealing of all segments below a number."""
        if self._process is not None:
            if self._process.poll() is None:
                return
            self._process = None
            left = set(unsealed(self.directory, below))
            self.failed |= left & set(self._asked)
            self.sealed += len(set(self._asked) - left)
        waiting = unsealed(self.directory, below)
        self.backlog = len(waiting)
        self._asked = [number for number in waiting if number not in self.failed]
        if self._asked:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "skywitness.archive.sealer", str(self.directory), str(below)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def close(self) -> None:
        """End the process; what it has not sealed is sealed after the next start."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


def main(arguments: list[str]) -> int:
    """Seal what is to be sealed, oldest first; 1 if a segment could not be."""
    directory, below = Path(arguments[0]), int(arguments[1])
    if hasattr(os, "nice"):
        os.nice(19)
    status = 0
    for number in unsealed(directory, below):
        try:
            seal_segment(segment_path(directory, number))
        except FileNotFoundError:
            continue  # deleted meanwhile, because it was old
        except (ArchiveError, FormatError, OSError) as error:
            print(f"skywitness: {error}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
