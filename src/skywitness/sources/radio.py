"""Sources that are read in a thread of their own, because they block: radios and standard input."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import structlog

from skywitness.errors import ConfigError, FormatError, SkywitnessError
from skywitness.frames.formats.detect import HEAD_BYTES, detect
from skywitness.sources.file import STDIN, open_bytes
from skywitness.sources.link import Chunk, Intake, Link
from skywitness.sources.readers import ENOUGH_OF_A_PIPE
from skywitness.sources.rtl_tcp import RtlTcp
from skywitness.sources.rtlsdr import RtlSdr
from skywitness.sources.tcp import GOOD_S, BackOff, options_of
from skywitness.sources.url import SourceSpec

__all__ = ["Pump"]

log = structlog.get_logger("skywitness.sources")


class Pump(threading.Thread):
    """Reads one blocking source into links. A radio that fails is tried again; standard input ends once."""

    def __init__(self, spec: SourceSpec, intake: Intake, back_off: BackOff | None = None) -> None:
        super().__init__(name=f"skywitness-{spec.kind}", daemon=True)
        self.spec = spec
        self.state = "connecting"
        self.error = ""
        self._intake = intake
        self._back_off = back_off or BackOff()
        self._stopping = threading.Event()
        self._room = threading.Event()
        self._device: Any = None

    def stop(self) -> None:
        """End it soon; standard input only when its other side writes or closes."""
        self._stopping.set()
        self._room.set()
        device = self._device
        if isinstance(device, RtlTcp):
            device.close()

    def run(self) -> None:
        """Read until stopped."""
        while not self._stopping.is_set():
            began_s = time.monotonic()
            self.state = "connecting"
            try:
                self.error = self._read()
            except ConfigError as error:
                self.error, self.state = str(error), "ended"
                log.error("source cannot be used", name=self.spec.name, reason=self.error)
                return
            except (SkywitnessError, OSError) as error:
                self.error = str(error)
            if self.spec.kind == "stdin" or self._stopping.is_set():
                break
            if time.monotonic() - began_s >= GOOD_S:
                self._back_off.reset()
            self.state = "waiting"
            wait_s = self._back_off.next_s()
            log.warning(
                "source lost", name=self.spec.name, url=self.spec.url, reason=self.error, retry_s=round(wait_s, 1)
            )
            self._stopping.wait(wait_s)
        self.state = "ended"

    def _read(self) -> str:
        """Read to the end; return why it ended."""
        spec = self.spec
        if spec.kind == "stdin":
            return self._pump(open_bytes(STDIN), spec.format)
        device: Any = (
            RtlTcp(spec.url, spec.tuning) if spec.kind == "rtl_tcp" else RtlSdr(int(spec.path or 0), spec.tuning)
        )  # fmt: skip
        self._device = device
        try:
            with device:
                return self._pump(iter(device), "iq")
        finally:
            self._device = None

    def _pump(self, chunks: Iterator[bytes], format: str) -> str:
        link: Link | None = None
        head = b""
        reason = "end of the input"
        try:
            for data in chunks:
                if self._stopping.is_set():
                    break
                arrival_ns = time.time_ns()
                if link is None:
                    head += data
                    format = format or self._recognised(head)
                    if not format:
                        continue
                    link, data, head = self._open(format), head, b""
                self._put(link, data, arrival_ns)
            if link is None and head:
                link = self._open(detect(head))
                self._put(link, head, time.time_ns())
        except (SkywitnessError, OSError) as error:
            reason = str(error)
            raise
        finally:
            if link is not None:
                link.close("node stopped" if self._stopping.is_set() else reason)
        return reason

    def _recognised(self, head: bytes) -> str:
        """The format; empty while it takes more to tell. Raises FormatError if it is none."""
        if len(head) < ENOUGH_OF_A_PIPE:
            return ""
        try:
            return detect(head)
        except FormatError:
            if len(head) >= HEAD_BYTES:
                raise
            return ""

    def _open(self, format: str) -> Link:
        spec = self.spec
        self.state = "connected"
        return self._intake.open(
            spec.name, spec.url, format, options_of(spec), resume=self._room.set, abuse=lambda reason: None
        )  # fmt: skip

    def _put(self, link: Link, data: bytes, arrival_ns: int) -> None:
        self._room.clear()
        if not link.put(Chunk(data, arrival_ns), len(data)):
            while not self._stopping.is_set() and not self._room.wait(1.0):
                if sys.is_finalizing():
                    return
