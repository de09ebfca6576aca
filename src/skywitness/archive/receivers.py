"""The receivers of a data directory: each keeps its number for ever. `receivers.jsonl`, later lines hold."""

from __future__ import annotations

import dataclasses
import threading
import uuid as uuids
from pathlib import Path
from typing import Any

from skywitness.archive.ledger import as_line, read_lines
from skywitness.errors import ArchiveError
from skywitness.frames.receiver import Place, Receiver, receiver_id

__all__ = ["MOST_RECEIVERS", "REGISTER", "Register"]

REGISTER = "receivers.jsonl"
REGISTER_VERSION = 1
MOST_RECEIVERS = 1 << 16


class Register:
    """Numbers and identities, in memory; what changes waits in `pending` until somebody writes it. Thread-safe.

    Raises ArchiveError if a later version wrote the file.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / REGISTER
        self.by_name: dict[str, Receiver] = {}
        self.by_number: dict[int, Receiver] = {}
        self.node = b""
        """16 bytes that name the data directory."""
        self.version = 0
        """Counts changes."""
        self.pending: list[bytes] = []
        self.lock = threading.Lock()
        lines, self.bad_lines, is_torn = read_lines(self.path)
        for line in lines:
            try:
                self._read(line)
            except (KeyError, TypeError, ValueError):
                self.bad_lines += 1
        if is_torn:
            self.pending.append(b"\n")  # else the next line would be one with what a crash left
        if not self.node:
            self.node = uuids.uuid4().bytes
            self.pending.append(as_line({"kind": "head", "version": REGISTER_VERSION, "node": self.node.hex()}))

    def receiver(
        self,
        name: str,
        *,
        uuid: str = "",
        place: Place | None = None,
        public_key: bytes = b"",
        own: bool = True,
        place_public: bool = False,
    ) -> Receiver:
        """Return the receiver of this name, a new one if it was never met; what is new about it is taken over.

        Raises ArchiveError if there are no more numbers.
        """
        with self.lock:
            known = self.by_name.get(name)
            if known is None and len(self.by_number) >= MOST_RECEIVERS:
                raise ArchiveError(
                    f"there are {MOST_RECEIVERS} receivers already", hint="Begin another data directory for more."
                )
            number = known.number if known else max(self.by_number, default=-1) + 1
            receiver = Receiver(number, name, receiver_id(name, public_key), uuid, place, place_public, own)
            if known and not uuid:
                receiver = dataclasses.replace(receiver, uuid=known.uuid)
            if receiver != known:
                self._enter(receiver)
                self.pending.append(as_line(fields_of(receiver)))
            return receiver

    def _enter(self, receiver: Receiver) -> None:
        self.by_name[receiver.name] = self.by_number[receiver.number] = receiver
        self.version += 1

    def _read(self, line: dict[str, Any]) -> None:
        if line["kind"] == "head":
            if int(line["version"]) > REGISTER_VERSION:
                raise ArchiveError(
                    f"it is of version {line['version']}, this program reads up to {REGISTER_VERSION}",
                    source=str(self.path),
                    hint="Update skywitness.",
                )
            self.node = bytes.fromhex(line["node"])
            return
        place = line.get("place")
        number = int(line["number"])
        if not 0 <= number < MOST_RECEIVERS:
            raise ValueError("a number out of range")
        self._enter(
            Receiver(
                number,
                str(line["name"]),
                bytes.fromhex(line["id"]),
                str(line.get("uuid", "")),
                Place(*(float(value) for value in place)) if place else None,
                bool(line.get("place_public", False)),
                bool(line.get("own", True)),
            )
        )


def fields_of(receiver: Receiver) -> dict[str, Any]:
    """The line of a receiver."""
    place = receiver.place
    return {
        "kind": "receiver",
        "number": receiver.number,
        "name": receiver.name,
        "id": receiver.id.hex(),
        "uuid": receiver.uuid,
        "place": [place.lat_deg, place.lon_deg, place.altitude_m] if place else None,
        "place_public": receiver.place_public,
        "own": receiver.own,
    }
