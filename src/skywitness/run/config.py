"""Settings of a node: flag before environment before file before default, each value with where it came from.

The file is `skywitness.toml`; a variable is SKYWITNESS_ and the path with two underscores, SKYWITNESS_HTTP__PORT=8080.
Nobody but this module reads the environment, and everybody else gets values.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skywitness.errors import ConfigError

__all__ = [
    "PREFIX",
    "Config",
    "Http",
    "Limits",
    "Map",
    "Origin",
    "Outputs",
    "Privacy",
    "Record",
    "load_config",
    "setting",
]

PREFIX = "SKYWITNESS_"


def setting(default: Any, doc: str) -> Any:
    """Declare a setting: its default and what it does, which the reference and `skywitness config` show."""
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, slots=True)
class Http:
    """The web server."""

    host: str = setting("127.0.0.1", "address to listen on; another than loopback also needs `public`")
    port: int = setting(8480, "port; 0 takes a free one")
    public: bool = setting(False, "let others than this computer in")
    anonymous: bool = setting(True, "answer without an API key, within the limits")
    cors: tuple[str, ...] = setting((), "origins whose pages may read answers; * for all")
    hosts: tuple[str, ...] = setting(
        (), "names under which the node may be called; by default its address and localhost"
    )
    rate_per_minute: int = setting(1200, "requests a minute without a key, per address")
    key_rate_per_minute: int = setting(6000, "requests a minute with a key that has no rate of its own")
    connections: int = setting(2000, "requests and sockets open at once")
    connections_per_address: int = setting(100, "the same from one address; this computer's own are not limited so")
    trusted_proxies: tuple[str, ...] = setting(
        (), "addresses or networks of proxies before the node, whose X-Forwarded-For is believed"
    )
    readsb_api: str = setting("", "HOST:PORT on which the query interface of readsb answers at `/`; empty for none")
    tls_certificate: str = setting("", "file with the certificate chain, PEM; with `tls_key` the server speaks HTTPS")
    tls_key: str = setting("", "file with the private key, PEM")


@dataclass(frozen=True, slots=True)
class Limits:
    """What feeders may do."""

    anonymous: bool = setting(False, "take feeders without a key on listening ports")
    connections: int = setting(1000, "feeder connections in all")
    connections_per_address: int = setting(20, "feeder connections from one address")
    bytes_per_s: int = setting(2_000_000, "bytes a second of one feeder, on average")
    messages_per_s: int = setting(20_000, "frames a second of one feeder, on average")
    address_bytes_per_s: int = setting(8_000_000, "bytes a second of all feeders of one address, on average")
    total_bytes_per_s: int = setting(0, "bytes a second of all feeders together, on average; 0 without limit")
    silence_s: float = setting(120.0, "a feeder silent for longer is cut")


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept on disk."""

    keep: bool = setting(True, "write the record; without it the data directory is only read")
    fsync_s: float = setting(0.5, "longest time between two writes that survive a loss of power")
    reserve_mb: int = setting(512, "recording stops when less than this is free on the disk, and goes on when there is")
    raw_days: float = setting(0.0, "receptions are removed after so many days; 0 never")
    raw_gb: float = setting(0.0, "oldest receptions are removed beyond this; 0 never")
    positions_days: float = setting(0.0, "positions are removed after so many days; 0 never")
    positions_gb: float = setting(0.0, "oldest positions are removed beyond this; 0 never")
    states_days: float = setting(0.0, "states are removed after so many days; 0 never")
    states_gb: float = setting(0.0, "oldest states are removed beyond this; 0 never")
    areas: bool = setting(True, "keep the positions of past days once more by area: twice the space, quick questions")


@dataclass(frozen=True, slots=True)
class Outputs:
    """Ports and connections on which others get what is heard: HOST:PORT each, empty for none."""

    beast: str = setting("", "Beast binary")
    beast_reduce: str = setting("", "Beast binary, thinned")
    raw: str = setting("", "AVR text")
    sbs: str = setting("", "SBS-1 text, positions and states")
    json: str = setting("", "jet1090 lines")
    reduce_s: float = setting(0.25, "interval of the thinned output: one of a kind per aircraft")
    push: tuple[str, ...] = setting(
        (), "connections to others: KIND://HOST:PORT, KIND one of beast, beast_reduce, raw, sbs"
    )
    uuid: str = setting("", "name to give to those others (E4); made at first need if empty")
    stations: bool = setting(False, "Beast says which receiver heard a frame (E3, its number plus one)")
    duplicates: bool = setting(False, "every reception goes out, not only the first of a transmission")
    mlat: bool = setting(False, "results of multilateration go out too")
    clients: int = setting(500, "connections to all these ports together")
    held_kb: int = setting(4096, "kilobytes that may wait for one connection; a slower one is dropped")


@dataclass(frozen=True, slots=True)
class Privacy:
    """What leaves the node about where its receivers stand."""

    blur_nmi: float = setting(5.0, "receivers are shown at a fixed wrong place about this far off")
    strip_counters: bool = setting(
        True, "streams that leave this computer carry no receiver counters and levels: they would tell the place"
    )


@dataclass(frozen=True, slots=True)
class Map:
    """The operator's own map under the aircraft, instead of the bundled one."""

    pmtiles: str = setting("", "file of tiles, PMTiles version 3, that the node serves and the page draws")
    style: str = setting("", "URL of a MapLibre style; the pages that readers open then ask that server")
    origins: tuple[str, ...] = setting(
        (), "other servers that the page may ask, for tiles: such as https://tiles.example.org"
    )


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a node can be told."""

    name: str = setting("skywitness", "what the node calls itself")
    data: str = setting("", "data directory; empty keeps no record")
    sources: tuple[Any, ...] = setting((), "inputs: [NAME=]URL[@PLACE], or tables `[[sources]]`")
    listen: tuple[str, ...] = setting((), "ports for feeders, such as listen+beast://0.0.0.0:30004")
    aircraft_db: str = setting("", "aircraft.csv.gz in the format of tar1090-db, for registrations and types")
    repair: bool = setting(True, "correct one wrong bit of known aircraft's messages")
    shards: int = setting(1, "aircraft are shared out among so many states")
    log: str = setting("text", "log lines as `text` or `json`")
    http: Http = field(default_factory=Http)
    limits: Limits = field(default_factory=Limits)
    record: Record = field(default_factory=Record)
    out: Outputs = field(default_factory=Outputs)
    map: Map = field(default_factory=Map)
    privacy: Privacy = field(default_factory=Privacy)


@dataclass(frozen=True, slots=True)
class Origin:
    """A setting as it stands."""

    path: str
    value: Any
    origin: str
    """`default`, the file's name, the variable's name, or `command line`."""
    doc: str


def load_config(
    file: Path | None,
    flags: Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
) -> tuple[Config, list[Origin]]:
    """Put the settings together.

    file   skywitness.toml; None if there is none
    flags  by path, such as {"http.port": 0}; None values are not set

    Raises ConfigError for a setting that does not exist or is of the wrong kind.
    """
    values: dict[str, tuple[Any, str]] = {}
    if file is not None:
        try:
            table = tomllib.loads(file.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(str(error), source=str(file)) from None
        for path, value in _flat(table):
            values[path] = value, str(file)
    for name, text in (os.environ if environment is None else environment).items():
        path = name.removeprefix(PREFIX).lower().replace("__", ".")
        if name.startswith(PREFIX) and path in _paths():
            values[path] = text, name
    for path, value in flags.items():
        if value is not None:
            values[path] = value, "command line"
    unknown = sorted(values.keys() - _paths().keys())
    if unknown:
        raise ConfigError(
            f"there is no setting `{unknown[0]}`",
            source=values[unknown[0]][1],
            hint="`skywitness config` lists all settings.",
        )
    origins: list[Origin] = []
    return _made(Config, "", values, origins), origins


def _made(kind: type[Any], prefix: str, values: Mapping[str, tuple[Any, str]], origins: list[Origin]) -> Any:
    hints = typing.get_type_hints(kind)
    arguments: dict[str, Any] = {}
    for one in dataclasses.fields(kind):
        path = prefix + one.name
        if dataclasses.is_dataclass(hints[one.name]):
            arguments[one.name] = _made(typing.cast(type[Any], hints[one.name]), path + ".", values, origins)
            continue
        value, origin = values.get(path, (one.default, "default"))
        if path in values:
            value = _of_kind(value, hints[one.name], path, origin)
        arguments[one.name] = value
        origins.append(Origin(path, value, origin, one.metadata.get("doc", "")))
    return kind(**arguments)


def _of_kind(value: Any, kind: Any, path: str, origin: str) -> Any:
    """Turn text into the kind of the setting, and refuse what is not of it."""
    wrong = ConfigError(f"`{path}` is {value!r}, which is no {_kind_name(kind)}", source=origin)
    if typing.get_origin(kind) is tuple:
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list | tuple):
            raise wrong
        return tuple(value)
    if kind is bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("1", "true", "yes", "on", "0", "false", "no", "off"):
            return value.lower() in ("1", "true", "yes", "on")
        raise wrong
    if kind is str:
        if isinstance(value, str | Path):
            return str(value)
        raise wrong
    try:
        if isinstance(value, bool):
            raise wrong
        number = kind(value)
    except (TypeError, ValueError):
        raise wrong from None
    if isinstance(value, float) and kind is int and number != value:
        raise wrong
    return number


def _kind_name(kind: Any) -> str:
    if typing.get_origin(kind) is tuple:
        return "list"
    return {bool: "true or false", int: "whole number", float: "number", str: "text"}.get(kind, str(kind))


def _paths() -> dict[str, Any]:
    found: dict[str, Any] = {}

    def visit(kind: type[Any], prefix: str) -> None:
        hints = typing.get_type_hints(kind)
        for one in dataclasses.fields(kind):
            if dataclasses.is_dataclass(hints[one.name]):
                visit(typing.cast(type[Any], hints[one.name]), f"{prefix}{one.name}.")
            else:
                found[prefix + one.name] = hints[one.name]

    visit(Config, "")
    return found


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
