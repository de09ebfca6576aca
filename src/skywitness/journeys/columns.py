"""Positions from other people's tables: pandas, Polars, Arrow, `traffic`, with the column names they use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from skywitness.batches import ADDRESS_KINDS, POSITION_SOURCES, PROVENANCES, REASONS, UNTIMED, VERDICTS, Positions
from skywitness.errors import FormatError
from skywitness.messages.mode_s.callsign import pack_callsign

__all__ = ["NAMES", "positions_of"]

NAMES: Mapping[str, tuple[str, ...]] = {
    "time_ns": ("time_ns", "timestamp", "time", "utc", "datetime"),
    "icao": ("icao", "icao24", "hex", "address"),
    "address_kind": ("address_kind",),
    "lat_deg": ("lat_deg", "latitude", "lat"),
    "lon_deg": ("lon_deg", "longitude", "lon"),
    "on_ground": ("on_ground", "onground"),
    "altitude_ft": ("altitude_ft", "altitude_baro_ft", "altitude", "alt_baro"),
    "altitude_geom_ft": ("altitude_geom_ft", "geoaltitude", "alt_geom"),
    "groundspeed_kt": ("groundspeed_kt", "groundspeed", "gs"),
    "track_deg": ("track_deg", "track"),
    "vertical_rate_fpm": ("vertical_rate_fpm", "vertical_rate", "baro_rate"),
    "callsign": ("callsign", "flight"),
    "squawk": ("squawk",),
    "nic": ("nic",),
    "nac_p": ("nac_p",),
    "source": ("source",),
    "receivers": ("receivers",),
    "signal_dbfs": ("signal_dbfs",),
    "verdict": ("verdict",),
    "reason": ("reason",),
    "revision": ("revision",),
    "provenance": ("provenance",),
    "parent": ("parent",),
}
"""Names under which each column is found, first one first. Units are those of `traffic`: feet, knots, feet a minute."""

NEEDED = ("time_ns", "icao", "lat_deg", "lon_deg")
METRIC = {"velocity": "m/s", "baroaltitude": "m", "vertrate": "m/s", "heading": "deg"}
DEFAULTS: Mapping[str, float] = {
    "on_ground": 255, "squawk": 0xFFFF, "nic": 255, "nac_p": 255, "callsign": 0, "address_kind": 0, "source": 0,
    "receivers": 1, "verdict": VERDICTS.index("unverifiable"), "reason": 0, "revision": 0, "parent": 0,
    "provenance": PROVENANCES.index("imported"),
}  # fmt: skip
LARGEST_SECONDS = 1e11  # times beyond are not in seconds


def positions_of(table: Any, source: str = "table") -> Positions:
    """Return the rows of a table as positions; a row without address, time or place is kept, as unknown.

    Takes a pandas or Polars frame, an Arrow table, anything with the Arrow C stream, or a mapping of columns, with the
    names of `NAMES`. Times are timestamps with a zone, or UTC without one, or seconds or nanoseconds since 1970 as
    numbers. Raises FormatError where a needed column is missing, or where the names tell of metric units.
    """
    if isinstance(table, Positions):
        return table
    arrow = _arrow(table, source)
    names = {name.lower(): name for name in arrow.column_names}
    metric = [name for name in METRIC if name in names]
    if metric and not any(name in names for name in ("altitude", "altitude_ft", "groundspeed", "groundspeed_kt")):
        raise FormatError(
            f"the columns {', '.join(metric)} are those of OpenSky's tables, in metres and metres a second",
            source=source,
            hint="Convert them to altitude (ft), groundspeed (kt) and vertical_rate (ft/min), as traffic does.",
        )
    columns: dict[str, NDArray[Any]] = {}
    for name, (dtype, _) in Positions.dtypes().items():
        found = next((names[one] for one in NAMES[name] if one in names), None)
        if found is None:
            if name in NEEDED:
                raise FormatError(
                    f"there is no column for {name}", source=source,
                    hint=f"Looked for: {', '.join(NAMES[name])}; there are {', '.join(arrow.column_names[:20])}.",
                )  # fmt: skip
            columns[name] = np.full(arrow.num_rows, DEFAULTS.get(name, np.nan)).astype(dtype)
            continue
        try:
            values = arrow.column(found).combine_chunks()
            if isinstance(values, pa.ChunkedArray):
                values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
            if pa.types.is_dictionary(values.type):
                words = values.dictionary
                words = pc.cast(words, pa.string()) if _is_text(words) else words  # views of text cannot be taken from
                values = pa.DictionaryArray.from_arrays(values.indices, words).dictionary_decode()
            columns[name] = READERS.get(name, _number)(values, dtype, DEFAULTS.get(name, np.nan))
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
            raise FormatError(f"column {found} cannot be read as {name}: {error}", source=source) from None
    nameless = columns["icao"] == NO_ADDRESS
    columns["icao"] = np.where(nameless, np.uint32(0), columns["icao"]).astype(np.uint32)
    columns["time_ns"] = np.where(nameless, UNTIMED, columns["time_ns"])
    if "address_kind" not in names:
        columns["address_kind"] = np.where(columns["icao"] > 0xFFFFFF, 1, columns["address_kind"]).astype(np.uint8)
    columns["icao"] = columns["icao"] & np.uint32(0xFFFFFF)
    return Positions(**{name: np.ascontiguousarray(values) for name, values in columns.items()})


NO_ADDRESS = np.uint32(0xFFFFFFFF)
TILDE = 1 << 24


def _arrow(table: Any, source: str) -> pa.Table:
    if isinstance(table, pa.Table):
        return table
    if hasattr(table, "data") and hasattr(table.data, "to_parquet"):  # traffic's Traffic and Flight hold a frame
        table = table.data
    try:
        if hasattr(table, "to_parquet") and hasattr(table, "iloc"):
            return pa.Table.from_pandas(table, preserve_index=False)
        if hasattr(table, "__arrow_c_stream__"):
            return pa.table(table)
        if hasattr(table, "to_arrow"):
            made = table.to_arrow()
            return made if isinstance(made, pa.Table) else pa.table(made)
        if isinstance(table, Mapping):
            return pa.table(dict(table))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise FormatError(f"it is no table: {error}", source=source) from None
    raise FormatError(f"{type(table).__name__} is no table", source=source, hint="Give pandas, Polars or Arrow.")


def _is_text(values: pa.Array) -> bool:
    kind = values.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _number(values: pa.Array, dtype: np.dtype[Any], missing: float) -> NDArray[Any]:
    if _is_text(values):
        values = pc.cast(pc.cast(values, pa.string()), pa.float64())
    if dtype.kind == "f":
        numbers = pc.cast(values, pa.float64(), safe=False)
        return np.asarray(pc.fill_null(numbers, float("nan")).to_numpy(zero_copy_only=False)).astype(dtype)
    if pa.types.is_floating(values.type):
        floats = np.asarray(pc.fill_null(values, float("nan")).to_numpy(zero_copy_only=False))
        known = np.isfinite(floats)
        return np.where(known, np.where(known, floats, 0), missing).astype(dtype)
    if pa.types.is_null(values.type):
        return np.full(len(values), missing).astype(dtype)
    if pa.types.is_boolean(values.type):
        values = pc.cast(values, pa.uint8())
    filled = pc.fill_null(values, pa.scalar(int(missing), values.type) if values.null_count else 0)
    return np.asarray(filled.to_numpy(zero_copy_only=False)).astype(dtype)


def _flag(values: pa.Array, dtype: np.dtype[Any], missing: float) -> NDArray[Any]:
    if pa.types.is_boolean(values.type):
        return np.asarray(pc.fill_null(pc.cast(values, pa.uint8()), 255).to_numpy(zero_copy_only=False))
    if values.null_count:
        values = pc.fill_null(pc.cast(values, pa.int64(), safe=False), 255)
    return _number(values, dtype, missing)


def _times(values: pa.Array, dtype: np.dtype[Any], missing: float) -> NDArray[Any]:
    del dtype, missing
    if _is_text(values):
        values = pc.cast(pc.cast(values, pa.string()), pa.timestamp("ns", "UTC"))
    if pa.types.is_timestamp(values.type):
        # Timestamps with a zone are kept in UTC; without one they are taken to be UTC.
        whole = pc.cast(pc.cast(values, pa.timestamp("ns", values.type.tz), safe=False), pa.int64())
        return np.asarray(pc.fill_null(whole, UNTIMED).to_numpy(zero_copy_only=False)).astype(np.int64)
    if pa.types.is_integer(values.type):
        whole = np.asarray(pc.fill_null(pc.cast(values, pa.int64()), UNTIMED).to_numpy(zero_copy_only=False))
        in_seconds = len(whole) > 0 and bool((np.abs(whole[whole != UNTIMED]) < LARGEST_SECONDS).all())
        return np.where(whole == UNTIMED, UNTIMED, whole * 1_000_000_000) if in_seconds else whole.astype(np.int64)
    seconds = np.asarray(pc.fill_null(pc.cast(values, pa.float64()), float("nan")).to_numpy(zero_copy_only=False))
    known = np.isfinite(seconds) & (np.abs(seconds) < LARGEST_SECONDS / 10.0)
    exact = np.round(np.where(known, seconds, 0.0) * 1e6).astype(np.int64) * 1_000
    return np.where(known, exact, UNTIMED)


def _distinct(values: pa.Array, convert: Callable[[str], int], missing: int) -> NDArray[Any]:
    texts = pc.dictionary_encode(pc.cast(values, pa.string()))
    codes = np.array([*(convert(text or "") for text in texts.dictionary.to_pylist()), missing], np.uint64)
    places = pc.fill_null(texts.indices, len(codes) - 1).to_numpy(zero_copy_only=False)
    return np.asarray(codes[places])


def _addresses(values: pa.Array, dtype: np.dtype[Any], missing: float) -> NDArray[Any]:
    del missing
    if pa.types.is_integer(values.type):
        return np.asarray(
            pc.fill_null(pc.cast(values, pa.int64()), int(NO_ADDRESS)).to_numpy(zero_copy_only=False)
        ).astype(dtype)
    return _distinct(values, _address, int(NO_ADDRESS)).astype(dtype)


def _address(text: str) -> int:
    text = text.strip().lower()
    other, digits = text.startswith("~"), text.removeprefix("~").removeprefix("0x")
    try:
        value = int(digits, 16) if 1 <= len(digits) <= 6 else -1
    except ValueError:
        return int(NO_ADDRESS)
    return int(NO_ADDRESS) if value < 0 else value | (TILDE if other else 0)


def _callsigns(values: pa.Array, dtype: np.dtype[Any], missing: float) -> NDArray[Any]:
    if pa.types.is_integer(values.type):
        return _number(values, dtype, missing)
    return _distinct(values, _packed, 0).astype(dtype)


def _packed(text: str) -> int:
    try:
        return pack_callsign(text.strip().upper()[:8]) if text.strip() else 0
    except (ValueError, KeyError):
        return 0


def _squawks(values: pa.Array, dtype: np.dtype[Any], missing: float) -> NDArray[Any]:
    if _is_text(values):
        return _distinct(values, _squawk, int(missing)).astype(dtype)
    if pa.types.is_integer(values.type):
        # Readers of CSV make a number of "7700": its digits are the code's, unless one of them cannot be.
        texts = pc.cast(values, pa.string())
        if not pc.any(pc.match_substring_regex(texts, "[89]|.{5}")).as_py():
            return _distinct(texts, _squawk, int(missing)).astype(dtype)
    return _number(values, dtype, missing)


def _squawk(text: str) -> int:
    try:
        return int(text.strip(), 8) if len(text.strip()) <= 4 else 0xFFFF
    except ValueError:
        return 0xFFFF


def _vocabulary(words: tuple[str, ...]) -> Callable[[pa.Array, np.dtype[Any], float], NDArray[Any]]:
    def read(values: pa.Array, dtype: np.dtype[Any], missing: float) -> NDArray[Any]:
        if _is_text(values):
            return _distinct(
                values, lambda text: words.index(text) if text in words else int(missing), int(missing)
            ).astype(dtype)
        return _number(values, dtype, missing)

    return read


READERS: Mapping[str, Callable[[pa.Array, np.dtype[Any], float], NDArray[Any]]] = {
    "time_ns": _times,
    "icao": _addresses,
    "callsign": _callsigns,
    "squawk": _squawks,
    "on_ground": _flag,
    "address_kind": _vocabulary(ADDRESS_KINDS),
    "source": _vocabulary(POSITION_SOURCES),
    "verdict": _vocabulary(VERDICTS),
    "reason": _vocabulary(REASONS),
    "provenance": _vocabulary(PROVENANCES),
}
