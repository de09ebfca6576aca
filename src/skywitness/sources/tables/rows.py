"""Rows of a foreign table as positions: units converted, what is no position counted, what cannot be refused."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from skywitness.batches import F64, I64, POSITION_SOURCES, PROVENANCES, REASONS, UNTIMED, VERDICTS, Positions
from skywitness.errors import FormatError
from skywitness.messages.formats.imported import packed_callsign, packed_squawk
from skywitness.sources.tables.dialects import Dialect, Named
from skywitness.sources.tables.values import (
    OTHER_KIND,
    addresses,
    flags,
    numbers,
    plain,
    squawk_texts,
    times_ns,
    translated,
)

__all__ = ["TableRows"]

PAIR = r"^(?P<lat>[^,;\s]+)\s*[,;]\s*(?P<lon>[^,;\s]+)$"
IMPORTED, SIMULATED = PROVENANCES.index("imported"), PROVENANCES.index("simulated")
UNVERIFIABLE, ESTIMATED = VERDICTS.index("unverifiable"), VERDICTS.index("estimated")
TOO_MANY = 0.05
"""More than this share of impossible values: they are in another unit."""
LEAST_WRONG = 5
LATE_S = 60.0
WORDS = {"source": POSITION_SOURCES, "verdict": VERDICTS, "reason": REASONS, "provenance": PROVENANCES}
DEFAULTS = {
    "address_kind": 0, "on_ground": 255, "squawk": 0xFFFF, "nic": 255, "nac_p": 255, "receivers": 0, "reason": 0,
    "revision": 0, "callsign": 0, "verdict": UNVERIFIABLE, "provenance": IMPORTED,
}  # fmt: skip
FLIGHTAWARE_SOURCES = {"A": "adsb", "S": "adsb", "M": "mlat"}
PROJECTED = "P"


class TableRows:
    """Fold pieces of one table into positions.

    dialect     whose table it is
    source      the file's name, for messages
    icao        address of all rows, of a table that has none
    assume_utc  take times without a zone for UTC
    refused     rows that are no position, by reason, and values that are unknown because they cannot be
    """

    def __init__(self, dialect: Dialect, source: str, *, icao: int | None = None, assume_utc: bool = False) -> None:
        self.dialect = dialect
        self.source = source
        self.icao = icao
        self.assume_utc = assume_utc
        self.rows = 0
        self.refused: Counter[str] = Counter()
        self._wrong: dict[str, tuple[int, int, int, Any]] = {}  # values, wrong ones, row and value of the first

    def push(self, piece: pa.Table | pa.RecordBatch) -> tuple[Positions, I64]:
        """Return the positions of a piece and the number of each one's row.

        Raises FormatError, with row and column, for what makes the whole file doubtful.
        """
        first = self.rows + 1
        self.rows += piece.num_rows
        names = {name.lower(): name for name in reversed(piece.schema.names)}
        columns = _Columns(piece, names)
        time_ns = self._times(columns, first)
        icao = self._addresses(columns, first)
        lat, lon = self._place(columns, first)
        known = ~np.isnan(lat) & ~np.isnan(lon)
        self.refused["no_position"] += int((~known).sum())
        is_good = known & (time_ns != UNTIMED)
        self.refused["no_time"] += int((known & (time_ns == UNTIMED)).sum())
        self.refused["no_address"] += int((is_good & (icao < 0)).sum())
        is_good &= icao >= 0
        values: dict[str, NDArray[Any]] = {
            "time_ns": time_ns, "icao": np.where(is_good, icao, 0) & (OTHER_KIND - 1),
            "lat_deg": np.round(lat, 6), "lon_deg": _wrapped(np.round(lon, 6)),
            "parent": np.full(len(lat), -1, np.int64),
        }  # fmt: skip
        kinds = self._whole(columns, "address_kind") if columns.has(self._named("address_kind")) else None
        values["address_kind"] = np.where((icao > 0) & (icao & OTHER_KIND > 0), 1, 0) if kinds is None else kinds
        for name in ("altitude_ft", "altitude_geom_ft", "groundspeed_kt", "track_deg", "vertical_rate_fpm"):
            values[name] = self._measured(columns, name, first)
        values["groundspeed_kt"] = np.round(values["groundspeed_kt"], 1)
        values["track_deg"] = _turned(np.round(values["track_deg"], 1))
        values["signal_dbfs"] = self._measured(columns, "signal_dbfs", first)
        for name in Positions.names():
            if name not in values:
                values[name] = self._coded(columns, name)
        on_ground = values["on_ground"] == 1
        values["altitude_ft"] = np.where(on_ground, np.nan, values["altitude_ft"])
        batch = Positions(
            **{name: np.ascontiguousarray(values[name].astype(d)) for name, (d, _) in Positions.dtypes().items()}
        )
        kept = np.flatnonzero(is_good)
        return batch.take(kept), first + kept

    def finish(self) -> None:
        """Raise FormatError if too many values were beyond what can be: then they are in another unit."""
        for name, (count, wrong, row, value) in self._wrong.items():
            if wrong >= LEAST_WRONG and wrong > TOO_MANY * count:
                unit = next(n.unit for n in self.dialect.columns.values() if name in n.names)
                raise FormatError(
                    f"row {row:,}, column {name!r}: {value:g} cannot be {unit} ({wrong:,} of {count:,} values are so)",
                    source=self.source, hint=f"{self.dialect.title[:1].upper()}{self.dialect.title[1:]} is in {unit}.",
                )  # fmt: skip

    def _named(self, name: str) -> Named:
        return self.dialect.columns.get(name, Named(()))

    def _times(self, columns: _Columns, first: int) -> I64:
        name, values = columns.get(self._named("time_ns"))
        time_ns = times_ns(values, name, self.source, first, assume_utc=self.assume_utc)
        if self.dialect.name == "flightradar24" and columns.has(Named(("utc",))) and name == "timestamp":
            # The export says the time twice. One that was changed to local time is found by the other.
            _, written = columns.get(Named(("utc",)))
            other = times_ns(written, "utc", self.source, first, assume_utc=True)
            apart = np.abs(time_ns - other) > LATE_S * 1e9
            apart &= (time_ns != UNTIMED) & (other != UNTIMED)
            if apart.any():
                at = int(np.argmax(apart))
                hours = (int(other[at]) - int(time_ns[at])) / 3.6e12
                raise FormatError(
                    f"row {first + at:,}: columns 'Timestamp' and 'UTC' differ by {hours:+.1f} h, so one is local time",
                    source=self.source,
                )
        return time_ns

    def _addresses(self, columns: _Columns, first: int) -> I64:
        named = self._named("icao")
        if self.icao is not None:
            if columns.has(named):
                raise FormatError("its rows have addresses of their own", source=self.source, hint="Leave --icao off.")
            return np.full(columns.rows, self.icao, np.int64)
        if not columns.has(named):
            raise FormatError(
                f"{self.dialect.title} does not say the aircraft's address", source=self.source,
                hint="Give it with --icao, like --icao 154073.",
            )  # fmt: skip
        name, values = columns.get(named)
        return addresses(values, name, self.source, first)

    def _place(self, columns: _Columns, first: int) -> tuple[F64, F64]:
        place = Named((self.dialect.place,))
        if self.dialect.place and columns.has(place):
            name, values = columns.get(place)
            both = pc.extract_regex(pc.cast(values, pa.string()), PAIR)
            torn = pc.and_(pc.is_valid(values), pc.is_null(both))
            if pc.any(torn).as_py():
                at = pc.index(torn, pa.scalar(True)).as_py()
                raise FormatError(
                    f"row {first + at:,}, column {name!r}: {values[at].as_py()!r} is no pair of latitude and longitude",
                    source=self.source,
                )
            lat_name = lon_name = name
            lats, lons = pc.struct_field(both, "lat"), pc.struct_field(both, "lon")
        else:
            lat_name, lats = columns.get(self._named("lat_deg"))
            lon_name, lons = columns.get(self._named("lon_deg"))
        lat, _ = numbers(lats, lat_name, self.source, first, needed=True)
        lon, _ = numbers(lons, lon_name, self.source, first, needed=True)
        for values_, name, limit in ((lat, lat_name, 90.0), (lon, lon_name, 180.0)):
            beyond = np.abs(values_) > (limit if limit == 90.0 else 360.0)
            if beyond.any():
                at = int(np.argmax(beyond))
                swapped = limit == 90.0 and abs(lon[at]) <= 90.0 and abs(lat[at]) <= 180.0
                raise FormatError(
                    f"row {first + at:,}, column {name!r}: {values_[at]:g} is beyond {limit:g} degrees",
                    source=self.source,
                    hint="Latitude and longitude are swapped?" if swapped else "Degrees are expected.",
                )
        return lat, lon

    def _measured(self, columns: _Columns, name: str, first: int) -> F64:
        named = self._named(name)
        if not columns.has(named):
            return np.full(columns.rows, np.nan)
        there, values = columns.get(named)
        found, bad = numbers(values, there, self.source, first, needed=False)
        self.refused["bad_value"] += bad
        wrong = (found < named.least) | (found > named.most)
        known = int((~np.isnan(found)).sum())
        count, before, row, value = self._wrong.get(there, (0, 0, 0, 0.0))
        if wrong.any() and not before:
            at = int(np.argmax(wrong))
            row, value = first + at, found[at]
        self._wrong[there] = count + known, before + int(wrong.sum()), row, value
        self.refused["bad_value"] += int(wrong.sum())
        found[wrong] = np.nan
        return np.round(found * named.scale, 2) if named.scale != 1.0 else found

    def _whole(self, columns: _Columns, name: str) -> NDArray[np.int64]:
        missing = DEFAULTS[name]
        there, values = columns.get(self._named(name))
        found, bad = numbers(values, there, self.source, 1, needed=False)
        most = np.iinfo(Positions.dtypes()[name][0]).max
        fits = (found >= 0) & (found <= most)
        self.refused["bad_value"] += bad
        return np.where(fits, np.where(fits, found, 0.0), missing).astype(np.int64)

    def _coded(self, columns: _Columns, name: str) -> NDArray[Any]:
        named = self._named(name)
        default = self.dialect.source if name == "source" else DEFAULTS[name]
        if not columns.has(named):
            if name == "source" and self.dialect.name == "flightaware" and columns.has(Named(("update_type",))):
                words = {k: POSITION_SOURCES.index(v) for k, v in FLIGHTAWARE_SOURCES.items()}
                return translated(columns.get(Named(("update_type",)))[1], lambda t: words.get(t, default), default)
            return np.full(columns.rows, default, np.int64)
        _, values = columns.get(named)
        if name == "callsign":
            return translated(pc.cast(values, pa.string()), packed_callsign, 0)
        if name == "squawk":
            return translated(squawk_texts(values), packed_squawk, 0xFFFF)
        if name == "on_ground":
            return flags(values)
        if name == "verdict" and self.dialect.name == "flightaware":
            # Projected positions were not received by anybody: they must never count as evidence.
            return translated(values, lambda text: ESTIMATED if text == PROJECTED else UNVERIFIABLE, UNVERIFIABLE)
        if name in WORDS and not pa.types.is_integer(values.type):
            words = {word: code for code, word in enumerate(WORDS[name])}
            found = translated(values, lambda text: words.get(text, default), default)
        else:
            found = self._whole(columns, name) if name != "source" else np.full(columns.rows, default, np.int64)
        if name == "provenance":
            return np.where(found == SIMULATED, SIMULATED, IMPORTED)
        return found


class _Columns:
    """A piece's columns by their names in small letters."""

    def __init__(self, piece: pa.Table | pa.RecordBatch, names: dict[str, str]) -> None:
        self.piece = piece
        self.names = names
        self.rows = int(piece.num_rows)
        self._plain: dict[str, pa.Array] = {}

    def has(self, named: Named) -> bool:
        """Whether there is such a column."""
        return any(name in self.names for name in named.names)

    def get(self, named: Named) -> tuple[str, pa.Array]:
        """The name of the first such column, and its values."""
        name = next(name for name in named.names if name in self.names)
        if name not in self._plain:
            self._plain[name] = plain(self.piece.column(self.names[name]))
        return name, self._plain[name]


def _wrapped(lon: F64) -> F64:
    turned: F64 = np.where(lon >= 180.0, lon - 360.0, np.where(lon < -180.0, lon + 360.0, lon))
    return turned


def _turned(track: F64) -> F64:
    turned: F64 = np.mod(track, 360.0)
    return np.where(turned >= 360.0, 0.0, turned)
