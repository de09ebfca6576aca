"""Names of sources: `NAME=URL@PLACE`, and tables `[[sources]]` of the settings."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from skywitness.errors import ConfigError
from skywitness.frames.formats.detect import FORMATS
from skywitness.frames.receiver import Place
from skywitness.sources.file import DEMO, STDIN
from skywitness.sources.rtl_tcp import Tuning
from skywitness.units import NS_PER_S

__all__ = ["KINDS", "PORTS", "SCHEMES", "SourceSpec", "parse_place", "parse_source", "parse_sources"]

KINDS = ("connect", "listen", "file", "stdin", "rtl_tcp", "rtlsdr")

SCHEMES = {"beast": "beast", "avr": "avr", "sbs": "sbs", "json": "jet1090", "uat": "uat"}
"""First word of a URL -> format."""
PORTS = {"beast": 30005, "avr": 30002, "sbs": 30003, "jet1090": 10003, "uat": 30978}
LISTEN_PORTS = {"beast": 30004, "avr": 30001, "sbs": 30003, "jet1090": 10003, "uat": 30978}

NAME = re.compile(r"([^\s/?=:@][^/?=:@]*)=(.+)", re.DOTALL)
PASSWORD = re.compile(r"(?<=://)[^/@\s]*:(?!\d+@)[^/@\s]*@")
PLACE = re.compile(r"@(-?\d+(?:\.\d*)?,-?\d+(?:\.\d*)?(?:,-?\d+(?:\.\d*)?)?|[A-Z][A-Z0-9]{3})$")

FOR_ALL = {"format", "gps", "own", "public_place", "simulated"}
OPTIONS = {
    "connect": FOR_ALL | {"tls", "ca", "verify", "silence", "ping"},
    "listen": FOR_ALL | {"proxy", "anonymous", "certificate", "key"},
    "file": FOR_ALL | {"speed", "loop", "at"},
    "stdin": FOR_ALL,
    "rtl_tcp": FOR_ALL | {"freq", "gain", "rate", "ppm", "agc", "bias"},
    "rtlsdr": FOR_ALL | {"freq", "gain", "rate", "ppm", "agc", "bias"},
}

YES_NO = {"1": True, "true": True, "yes": True, "": True, "0": False, "false": False, "no": False}

Airports = Callable[[str], Place | None]


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """One source as the operator has named it."""

    name: str
    kind: str
    """See KINDS."""
    url: str
    """Without name, place and secrets."""
    format: str = ""
    """One of FORMATS, `iq`, or empty: to be recognised."""
    host: str = ""
    port: int = 0
    path: str = ""
    place: Place | None = None
    public_place: bool = False
    own: bool = True
    gps: bool | None = None
    simulated: bool = False
    tls: bool = False
    ca: str = ""
    """File with the certificates to trust; empty: the system's."""
    verify: bool = True
    silence_s: float = 90.0
    """A connection silent for longer is made anew; idle receivers send a heartbeat every 60 s."""
    ping: bool = True
    """Offer the Beast ping extension."""
    proxy: str = "loopback"
    """From whom a PROXY line is believed: `no`, `loopback` or `all`."""
    certificate: str = ""
    """Of a listener: file with its certificate chain, PEM; with `key` the port speaks TLS."""
    key: str = ""
    """File with the certificate's private key, PEM."""
    anonymous: bool | None = None
    """Whether a listener takes feeders without a key; None: as the limits say."""
    speed: float = 1.0
    """Of a replay; infinity as fast as can be."""
    loop: bool = False
    at_ns: int | None = None
    """When the replay pretends that the recording began; None: when it did."""
    tuning: Tuning = Tuning()


def parse_place(text: str, airports: Airports | None = None) -> Place:
    """Return the place of `LAT,LON[,ALT_M]` or of an airport's ICAO code. Raises ConfigError."""
    parts = text.split(",")
    if len(parts) == 1:
        place = airports(text) if airports else None
        if place is None:
            raise ConfigError(
                f"no airport {text!r} is known", hint="Give degrees and metres, such as @52.3086,4.7639,-3."
            )
        return place
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3) or not all(map(math.isfinite, numbers)):
        raise ConfigError(f"{text!r} is no place", hint="Write LAT,LON or LAT,LON,ALT_M, in degrees and metres.")
    lat, lon = numbers[0], numbers[1]
    if abs(lat) > 90 or abs(lon) > 180:
        raise ConfigError(f"{text!r} is not on the Earth", hint="Latitude comes first: -90 to 90, then -180 to 180.")
    return Place(lat, lon, numbers[2] if len(numbers) == 3 else 0.0)


def parse_source(text: str | Mapping[str, Any], airports: Airports | None = None) -> SourceSpec:
    """Return what `[NAME=]URL[@PLACE]`, or a table with `url`, `name`, `place` and options, names.

    airports  finds the place of an airport by its ICAO code

    Raises ConfigError.
    """
    if isinstance(text, Mapping):
        return _of_table(text, airports)
    text = text.strip()
    whole, name, place = PASSWORD.sub("...@", text), "", None
    if match := NAME.fullmatch(text):
        name, text = match[1].strip(), match[2].strip()
    if match := PLACE.search(text):
        place = parse_place(match[1], airports)
        text = text[: match.start()]
    if not text:
        raise ConfigError(f"{whole!r} names no source", hint="Write for example beast+tcp://127.0.0.1:30005.")
    location, _, query = text.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    spec = _located(location, whole)
    unknown = sorted(options.keys() - OPTIONS[spec.kind])
    if unknown:
        raise ConfigError(
            f"{unknown[0]!r} is no option of this source", source=spec.url,
            hint=f"Options are {', '.join(sorted(OPTIONS[spec.kind]))}.",
        )  # fmt: skip
    spec = _with_options(spec, options)
    return replace(spec, name=name or spec.name, place=place)


def parse_sources(items: Iterable[Any], airports: Airports | None = None) -> tuple[SourceSpec, ...]:
    """Return all sources, each under a name of its own. Raises ConfigError if two were given the same one."""
    specs: list[SourceSpec] = []
    names: set[str] = set()
    for item in items:
        spec = parse_source(item, airports)
        if spec.name in names:
            is_given = bool(item.get("name") if isinstance(item, Mapping) else NAME.fullmatch(str(item).strip()))
            if is_given:
                raise ConfigError(f"two sources are called {spec.name!r}", hint="Give each a name of its own.")
            number = 2
            while f"{spec.name} {number}" in names:
                number += 1
            spec = replace(spec, name=f"{spec.name} {number}")
        names.add(spec.name)
        specs.append(spec)
    return tuple(specs)


def _of_table(table: Mapping[str, Any], airports: Airports | None) -> SourceSpec:
    rest = dict(table)
    url = rest.pop("url", None)
    if not isinstance(url, str) or not url:
        raise ConfigError("a source needs `url`", source="[[sources]]", hint='For example url = "beast+tcp://roof".')
    spec = parse_source(url, airports)
    name, place = rest.pop("name", ""), rest.pop("place", None)
    if name:
        spec = replace(spec, name=str(name))
    if place is not None:
        if isinstance(place, (list, tuple)):
            place = ",".join(str(number) for number in place)
        spec = replace(spec, place=parse_place(str(place), airports))
    unknown = sorted(rest.keys() - OPTIONS[spec.kind])
    if unknown:
        raise ConfigError(
            f"{unknown[0]!r} is no setting of the source {spec.name!r}", source="[[sources]]",
            hint=f"It has url, name, place, {', '.join(sorted(OPTIONS[spec.kind]))}.",
        )  # fmt: skip
    return _with_options(spec, {key: _text(value) for key, value in rest.items()})


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _located(location: str, whole: str) -> SourceSpec:
    """The source without its options."""
    scheme, colon, rest = location.partition("://")
    if location == STDIN:
        return SourceSpec("stdin", "stdin", "-")
    if not colon:
        stem = Path(location).name.partition(".")[0] or location
        return SourceSpec(stem if location != DEMO else DEMO, "file", location, path=location)
    if scheme == "file":
        path = unquote(rest.removeprefix("localhost") if rest.startswith("localhost/") else rest)
        if not path:
            raise ConfigError(f"{whole!r} names no file", hint="Write file:///path/of/recording.beast.")
        return SourceSpec(Path(path).name.partition(".")[0] or path, "file", f"file://{path}", path=path)
    if scheme == "rtlsdr":
        return SourceSpec(f"rtlsdr {rest or 0}", "rtlsdr", f"rtlsdr://{rest}", "iq", path=rest)
    if scheme == "rtl_tcp":
        host, port = _address(rest, 1234, whole)
        return SourceSpec(f"{host}:{port}", "rtl_tcp", f"rtl_tcp://{_joined(host, port)}", "iq", host, port)
    first, _, second = scheme.partition("+")
    if first == "listen" and second in SCHEMES:
        format = SCHEMES[second]
        host, port = _address(rest, LISTEN_PORTS[format], whole)
        return SourceSpec(f"{second} {port}", "listen", f"{scheme}://{_joined(host, port)}", format, host, port)
    if first in SCHEMES and second == "tcp":
        format = SCHEMES[first]
        host, port = _address(rest, PORTS[format], whole)
        if not host:
            raise ConfigError(f"{whole!r} names no host", hint=f"Write {scheme}://HOST:{PORTS[format]}.")
        return SourceSpec(_joined(host, port), "connect", f"{scheme}://{_joined(host, port)}", format, host, port)
    kinds = [f"{name}+tcp" for name in SCHEMES] + [f"listen+{name}" for name in SCHEMES]
    raise ConfigError(
        f"{scheme!r} is no kind of source", source=whole, hint=f"Kinds are {', '.join(kinds)}, file, rtl_tcp, rtlsdr."
    )


def _address(text: str, port: int, whole: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        if parts.path.strip("/") or parts.username is not None:
            raise ValueError
        return parts.hostname or "", port if parts.port is None else parts.port
    except ValueError:
        raise ConfigError(f"{whole!r} has no good address", hint="Write HOST:PORT; IPv6 as [::1]:30005.") from None


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _with_options(spec: SourceSpec, options: Mapping[str, str]) -> SourceSpec:
    changes: dict[str, Any] = {}
    tuning: dict[str, Any] = {}
    for key, text in options.items():
        try:
            match key:
                case "format":
                    if text not in FORMATS:
                        raise ConfigError(
                            f"{text!r} is no format", source=spec.url, hint=f"One of {', '.join(FORMATS)}."
                        )
                    changes[key] = text
                case "tls" | "verify" | "ping" | "loop" | "own" | "public_place" | "gps" | "simulated" | "anonymous":
                    changes[key] = YES_NO[text.lower()]
                case "ca" | "certificate" | "key":
                    changes[key] = text
                case "silence":
                    changes["silence_s"] = _positive(text)
                case "proxy":
                    changes[key] = {"0": "no", "no": "no", "loopback": "loopback", "1": "all", "all": "all"}[text]
                case "speed":
                    changes[key] = math.inf if text == "max" else _positive(text.removesuffix("x"))
                case "at":
                    changes["at_ns"] = _time_ns(text)
                case "freq":
                    tuning["frequency_hz"] = int(_positive(text))
                case "rate":
                    tuning["rate_hz"] = int(_positive(text))
                case "gain":
                    tuning["gain_db"] = None if text in ("auto", "") else float(text)
                case "ppm":
                    tuning["correction_ppm"] = int(text)
                case "agc" | "bias":
                    tuning["agc" if key == "agc" else "bias_tee"] = {"1": True, "0": False}[text]
        except (KeyError, ValueError):
            raise ConfigError(f"{text!r} is no value of `{key}`", source=spec.url) from None
    return replace(spec, **changes, tuning=replace(spec.tuning, **tuning))


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise ValueError
    return number


def _time_ns(text: str) -> int:
    told = datetime.datetime.fromisoformat(text)
    if told.tzinfo is None:
        told = told.replace(tzinfo=datetime.UTC)
    since = told - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return (since.days * 86_400 + since.seconds) * NS_PER_S + since.microseconds * 1_000
