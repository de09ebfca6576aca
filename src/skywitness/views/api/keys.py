"""API keys: who may read, feed and administer, kept hashed in one file that only the node's user can read.

A key for reading is `sw_ID_SECRET` with 256 random bits. One for feeding is written as a UUID, because that is what a
Beast connection can carry; 96 of its bits are secret. Both are random numbers, not words a person chose: there is
nothing to try out, so one BLAKE2b is as good as scrypt, which would cost 50 ms a request and so let anybody keep the
node busy with wrong keys.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from skywitness.errors import ConfigError
from skywitness.views.secret_file import write_private

__all__ = ["SCOPES", "Key", "KeyStore", "normal_form"]

SCOPES = ("read", "feed", "admin")
"""`read` asks, `feed` brings receptions under a station's name, `admin` reads and sees exact places of receivers."""

MOST_KEYS = 10_000
CHECK_S = 1.0
"""How often the file is looked at for changes."""
STATION = re.compile(r"[^\W_][\w .+-]{0,63}")
READ_KEY = re.compile(r"sw_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
HEX_KEY = re.compile(r"([0-9a-f]{8})[0-9a-f]{24}")


@dataclass(frozen=True, slots=True)
class Key:
    """One key, without its secret."""

    id: str
    """8 hex digits, which the key itself begins with; not secret."""
    name: str
    scopes: tuple[str, ...]
    hash: str
    created_s: int
    station: str = ""
    """Name of the receiver that may feed with it."""
    rate_per_minute: int = 0
    """Requests a minute; 0 as the node's setting for keys."""
    expires_s: int = 0
    """0 never."""
    revoked_s: int = 0
    """0 not."""
    previous: dict[str, int] = field(default_factory=dict)
    """Hashes of secrets that were replaced but are good until a time, seconds UTC."""

    def is_good(self, now_s: float) -> bool:
        """Whether it may be used now."""
        return not self.revoked_s and not (self.expires_s and now_s >= self.expires_s)


def normal_form(text: str) -> str:
    """A key as it is hashed: a UUID without hyphens and in lower case, anything else as it is."""
    text = text.strip()
    bare = text.replace("-", "").replace(" ", "").lower()
    # Beast sends 36 characters; writers that drop hyphens pad with f.
    if len(bare) == 36 and bare.endswith("ffff"):
        bare = bare[:32]
    return bare if HEX_KEY.fullmatch(bare) else text


def key_hash(text: str) -> str:
    """What is kept of a key."""
    return hashlib.blake2b(normal_form(text).encode("utf-8"), digest_size=32, person=b"skywitness key").hexdigest()


def key_id(text: str) -> str:
    """The id in a key's text; empty if it has the form of no key."""
    found = HEX_KEY.fullmatch(normal_form(text)) or READ_KEY.fullmatch(text.strip())
    return found[1] if found else ""


NO_HASH = key_hash("no key has this text")


class KeyStore:
    """The keys of a node. Any thread may ask; changes by another process (`skywitness keys`) are seen in a second.

    file  keys.json in the data directory; None keeps them in memory
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file
        self._keys: dict[str, Key] = {}
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._checked_s = -CHECK_S
        self._load(must=True)

    def find(self, text: str, now_s: float | None = None) -> Key | None:
        """Return the good key that has this text; None if there is none."""
        now_s = time.time() if now_s is None else now_s
        self._refresh()
        key = self._keys.get(key_id(text))
        given = key_hash(text)
        # A comparison also where there is no key, so that time does not tell which ids exist.
        right = hmac.compare_digest(given, key.hash if key else NO_HASH)
        if key is None:
            return None
        for old, until_s in key.previous.items():
            right |= hmac.compare_digest(given, old) and now_s < until_s
        return key if right and key.is_good(now_s) else None

    def claim(self, text: str) -> str | None:
        """Return the station that a feeder with this key speaks for; None if the key may not feed."""
        key = self.find(text)
        return key.station or key.name if key is not None and "feed" in key.scopes else None

    def every(self) -> list[Key]:
        """All keys, revoked ones too, oldest first."""
        self._refresh(now=True)
        return sorted(self._keys.values(), key=lambda key: (key.created_s, key.id))

    def add(
        self,
        name: str,
        scopes: Sequence[str],
        *,
        station: str = "",
        rate_per_minute: int = 0,
        expires_s: int = 0,
        now_s: float | None = None,
    ) -> tuple[Key, str]:
        """Make a key; return it and its text, which is told this once.

        Raises ConfigError for a name, scope or station that cannot be.
        """
        unknown = [scope for scope in scopes if scope not in SCOPES]
        if unknown or not scopes:
            raise ConfigError(f"{', '.join(unknown) or 'no scope'} is no scope", hint=f"Scopes: {', '.join(SCOPES)}.")
        if "feed" in scopes and len(set(scopes)) > 1:
            raise ConfigError(
                "a key for feeding can do nothing else",
                hint="It stands unprotected in feeders' settings: make two keys.",
            )
        for what, text in (("name", name), ("station", station)):
            if (text and not STATION.fullmatch(text)) or (what == "name" and not text):
                raise ConfigError(f"{text!r} is no {what}", hint="Letters, digits, space and . + - _; at most 64.")
        self._refresh(now=True)
        with self._lock:
            live = [key for key in self._keys.values() if not key.revoked_s]
            if len(live) >= MOST_KEYS:
                raise ConfigError(f"there are {MOST_KEYS} keys already", hint="Revoke some.")
            taken = next((key for key in live if "feed" in scopes and key.station == (station or name)), None)
            if taken is not None:
                raise ConfigError(
                    f"station {station or name!r} has key {taken.id} already", hint="Rotate or revoke that one."
                )
            identity = secrets.token_hex(4)
            while identity in self._keys:
                identity = secrets.token_hex(4)
            text = new_text(identity, "feed" in scopes)
            now = int(time.time() if now_s is None else now_s)
            key = Key(
                identity, name, tuple(dict.fromkeys(scopes)), key_hash(text), now,
                station or (name if "feed" in scopes else ""), rate_per_minute, expires_s,
            )  # fmt: skip
            self._put(key)
        return key, text

    def revoke(self, identity: str, now_s: float | None = None) -> Key:
        """End a key now. Raises ConfigError if there is none."""
        with self._lock:
            key = self._known(identity)
            key = replace(key, revoked_s=key.revoked_s or int(time.time() if now_s is None else now_s), previous={})
            self._put(key)
        return key

    def rotate(self, identity: str, grace_s: int = 0, now_s: float | None = None) -> tuple[Key, str]:
        """Give a key another secret; the old one is good for so many seconds more. Raises ConfigError."""
        now = int(time.time() if now_s is None else now_s)
        with self._lock:
            key = self._known(identity)
            if not key.is_good(now):
                raise ConfigError(f"key {identity} is revoked or has expired", hint="Add a new one.")
            text = new_text(key.id, "feed" in key.scopes)
            previous = {old: until for old, until in key.previous.items() if until > now} if grace_s else {}
            if grace_s:
                previous[key.hash] = now + grace_s
            key = replace(key, hash=key_hash(text), previous=previous)
            self._put(key)
        return key, text

    def _known(self, identity: str) -> Key:
        self._load(must=True)
        key = self._keys.get(identity)
        if key is None:
            raise ConfigError(f"there is no key {identity!r}", hint="`skywitness keys list` shows them.")
        return key

    def _put(self, key: Key) -> None:
        keys = {**self._keys, key.id: key}
        if self.file is not None:
            rows = [asdict(one) for one in sorted(keys.values(), key=lambda one: (one.created_s, one.id))]
            write_private(self.file, json.dumps({"version": 1, "keys": rows}, indent=1, ensure_ascii=False) + "\n")
            self._stamp = stamp_of(self.file)
        self._keys = keys

    def _refresh(self, now: bool = False) -> None:
        if self.file is None or (not now and time.monotonic() - self._checked_s < CHECK_S):
            return
        with self._lock:
            self._checked_s = time.monotonic()
            self._load(must=False)

    def _load(self, *, must: bool) -> None:
        """Read the file if it has changed; a damaged one keeps the keys that were read before, unless `must`."""
        if self.file is None:
            return
        stamp = stamp_of(self.file)
        if stamp == self._stamp:
            return
        try:
            if stamp is not None and os.name == "posix" and self.file.stat().st_mode & 0o077:
                self.file.chmod(0o600)
            self._keys = keys_of(json.loads(self.file.read_text("utf-8"))) if stamp is not None else {}
            self._stamp = stamp
        except (ValueError, KeyError, TypeError) as error:
            if must:
                raise ConfigError(f"it is damaged ({error})", source=str(self.file)) from None


def new_text(identity: str, is_for_feeding: bool) -> str:
    """A key that has this id."""
    if is_for_feeding:
        return str(uuid.UUID(hex=identity + secrets.token_hex(12)))
    return f"sw_{identity}_{base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b'=').decode('ascii')}"


def keys_of(data: Any) -> dict[str, Key]:
    """Read the file's content. Raises ValueError, KeyError or TypeError."""
    if data["version"] != 1:
        raise ValueError(f"version {data['version']!r} is of another release")
    keys = []
    for row in data["keys"]:
        row = {**row, "scopes": tuple(row["scopes"]), "previous": dict(row.get("previous", {}))}
        keys.append(Key(**row))
    return {key.id: key for key in keys}


def stamp_of(file: Path) -> tuple[int, int, int] | None:
    """What changes when a file does; None if there is none."""
    try:
        stat = file.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
