"""Connections to other networks: a stream is sent to a port of theirs, again and again if it breaks."""

from __future__ import annotations

import asyncio
import random
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from skywitness.errors import ConfigError
from skywitness.views.feeds.peer import Peer

__all__ = ["Connector", "Target", "made_uuid", "parse_push", "uuid_message"]

log = structlog.get_logger("skywitness.push")

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
CONNECT_S = 15.0
STEADY_S = 60.0
"""A connection that lasted this long was a good one: the next wait is short again."""

PUSHED = ("beast", "beast_reduce", "raw", "sbs")
UUID_CHARACTERS = 36
LEAST_UUID_CHARACTERS = 28


@dataclass(frozen=True, slots=True)
class Target:
    """Where a stream goes."""

    kind: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.kind}://{self.host}:{self.port}"


def parse_push(text: str) -> Target:
    """Read KIND://HOST:PORT. Raises ConfigError."""
    found = re.fullmatch(r"([a-z_]+)://(\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+):(\d{1,5})/?", text)
    if not found or found[1] not in PUSHED or not 0 < int(found[3]) < 65536:
        raise ConfigError(
            f"{text!r} is no connection to push to",
            hint=f"It is KIND://HOST:PORT, KIND one of {', '.join(PUSHED)}: beast_reduce://feed.example.org:30004.",
        )
    return Target(found[1], found[2].strip("[]"), int(found[3]))


def made_uuid() -> str:
    """Make a name for a node, at random."""
    return str(uuid.uuid4())


def uuid_message(name: str) -> bytes:
    """Return the Beast message E4, which says the sender's name: 36 characters, `f` behind shorter ones.

    Raises ConfigError if it is no such name.
    """
    text = name.strip()
    digits = text.replace("-", "").replace(" ", "")
    if not LEAST_UUID_CHARACTERS <= len(digits) <= len(text) <= UUID_CHARACTERS or not re.fullmatch(
        "[0-9a-fA-F]+", digits
    ):
        raise ConfigError(f"{name!r} is no UUID", hint="It is 32 hexadecimal digits, as uuidgen gives them.")
    return b"\x1a\xe4" + text.ljust(UUID_CHARACTERS, "f").encode("ascii")


class Connector:
    """Keeps one connection up.

    target  where it goes
    name    the node's UUID
    make    makes the peer that gets the stream: its kind, and what is sent first
    """

    def __init__(self, target: Target, name: str, make: Callable[[str, bytes], Peer]) -> None:
        self.target = target
        self.make = make
        self.hello = b""
        if target.kind.startswith("beast"):
            self.hello = uuid_message(name)
        if target.kind == "beast_reduce":
            self.hello += b"\x1aWO"  # asks the network to ping, by which it tells when it cannot keep up

    async def run(self) -> None:
        """Connect, and connect again; ends when it is cancelled."""
        loop = asyncio.get_running_loop()
        wait_s = FIRST_WAIT_S
        while True:
            gone = asyncio.Event()
            began = loop.time()
            try:
                async with asyncio.timeout(CONNECT_S):
                    _, peer = await loop.create_connection(
                        lambda: self.make(self.target.kind, self.hello), self.target.host, self.target.port
                    )
                peer.when_gone = gone.set
                log.info("push connected", target=str(self.target))
                if peer.transport is not None:
                    await gone.wait()
                why = peer.reason
            except (OSError, TimeoutError) as error:
                why = str(error) or type(error).__name__
            if loop.time() - began > STEADY_S:
                wait_s = FIRST_WAIT_S
            pause_s = wait_s * random.uniform(0.5, 1.5)
            log.info("push lost", target=str(self.target), why=why, retry_s=round(pause_s, 1))
            await asyncio.sleep(pause_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)
