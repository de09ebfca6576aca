"""Values into frames by the layouts: any message there is, field by field. The inverse of `decode`.

For many frames of the usual kinds there are the simulator's fast encoders in `encode`; here nothing is fast and
everything can be said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from skywitness.codes.parity import syndrome_long, syndrome_short
from skywitness.errors import FormatError
from skywitness.kernel import plain
from skywitness.messages.mode_s.catalogue import LAYOUTS
from skywitness.messages.mode_s.encode import LOWEST_25_FT, altitude_code_13, gillham_code
from skywitness.messages.mode_s.encode_squitter import movement_code
from skywitness.messages.mode_s.layout import Field, Layout
from skywitness.messages.mode_s.pack import pack
from skywitness.messages.mode_s.reading import Value
from skywitness.messages.mode_s.surveillance import FORMATS

__all__ = ["compose", "compose_message", "layout_named"]

_BY_NAME: Mapping[str, Layout] = MappingProxyType({layout.name: layout for layout in LAYOUTS})


def layout_named(name: str) -> Layout:
    """Layout by its name, say "TC 19/1", "BDS 6,0", "TIS-B TC 9-18"; raises FormatError for an unknown one."""
    found = _BY_NAME.get(name)
    if found is None:
        near = sorted(known for known in _BY_NAME if known.split()[0] == name.split()[0])
        raise FormatError(f"no message is called {name!r}", hint=f"There are {', '.join(near or _BY_NAME)}.")
    return found


def compose_message(layout: Layout | str, **values: Value) -> int:
    """The 56 bits of an ME, MV or MB field from its values, named and in the units of the layout.

    Of a velocity, `groundspeed_kt` and `track_deg` may be given for its two parts, `ias_kt` or `tas_kt` for the
    airspeed and its type. Raises FormatError for a name the layout does not have or a value that does not fit.
    """
    layout = layout_named(layout) if isinstance(layout, str) else layout
    return pack(layout, _parts(layout, values), writers=_writers(layout))


def compose(df: int, *, icao: int, message: int = 0, control: int | None = None, **values: Value) -> bytes:
    """A whole frame with its parity.

    df       downlink format 0, 4, 5, 11, 16, 17, 18, 20, 21 or 24
    icao     address: announced by DF 11, 17 and 18, added to the parity of the others
    message  the 56 bits of ME, MV or MB, from `compose_message`; the 80 bits of MD of DF 24
    control  DF 17: capability, DF 18: control field, as a number
    values   the other fields of the frame, named and in the units of its layout; `interrogator` of DF 11

    >>> compose(11, icao=0x4840D6, capability=5).hex()
    '5d4840d6f8740f'
    """
    if df not in FORMATS or df == 19:
        raise FormatError(f"there is no layout of DF {df} to compose", hint=f"There is {', '.join(map(str, FORMATS))}.")
    layout = FORMATS[df]
    long = df >= 16
    interrogator = int(values.pop("interrogator", 0))
    own = {field.name: field for field in layout.fields}
    if control is not None:
        values["control" if "control" in own else "capability"] = control
    if "icao24" in own:
        values["icao24"] = icao
    bits = 112 if long else 56
    frame = pack(layout, values, bits=bits, writers=_writers(layout))
    if long:
        frame |= message << 24
    row = np.zeros(14, np.uint8)
    row[: bits // 8] = np.frombuffer(frame.to_bytes(bits // 8, "big"), np.uint8)
    remainder = int(plain(syndrome_long if long else syndrome_short)(row))
    overlay = interrogator if df == 11 else 0 if "icao24" in own else icao
    return (frame | remainder ^ overlay).to_bytes(bits // 8, "big")


def _parts(layout: Layout, values: Mapping[str, Value]) -> dict[str, Value]:
    """Values of the fields for those that are derived from several."""
    parts = dict(values)
    names = {field.name for field in layout.fields}
    if "east_kt" in names and "groundspeed_kt" in parts:
        speed, track = float(parts.pop("groundspeed_kt")), math.radians(float(parts.pop("track_deg", 0.0)))
        parts |= {"east_kt": speed * math.sin(track), "north_kt": speed * math.cos(track)}
    if "airspeed_kt" in names:
        for name, kind in (("ias_kt", "indicated"), ("tas_kt", "true")):
            if name in parts:
                parts |= {"airspeed_kt": parts.pop(name), "airspeed_type": kind}
    if "category" in parts and "category_code" in names:
        category = str(parts.pop("category"))
        parts |= {"typecode": 4 - "ABCD".index(category[0]), "category_code": int(category[1])}
    return parts


def _writers(layout: Layout) -> dict[str, Callable[[Value, int], int]]:
    """Encoders by kind; those of signed magnitudes need their field's scale, so a layout has its own."""
    steps = {field.width: field for field in layout.fields if field.kind == "sign_magnitude"}
    return {
        "address": lambda value, width: int(value, 16) if isinstance(value, str) else int(value),
        "altitude_ac12": lambda value, width: _without_m_bit(_altitude_code(value)),
        "altitude_ac13": lambda value, width: _altitude_code(value),
        "movement": lambda value, width: int(plain(movement_code)(float(value))),
        "sign_magnitude": lambda value, width: _sign_magnitude(steps[width], value),
        "message": lambda value, width: int(value),
    }


def _altitude_code(value: Value) -> int:
    feet = float(value)
    # The two lowest altitudes have a Gillham code only; the fast encoder leaves them out.
    code = int(plain(gillham_code if feet < LOWEST_25_FT else altitude_code_13)(feet))
    if not code:
        raise FormatError(f"{value} ft is beyond what an altitude code can say")
    return code


def _without_m_bit(code: int) -> int:
    return code >> 1 & 0xFC0 | code & 0x03F


def _sign_magnitude(field: Field, value: Value) -> int:
    steps = round(abs(float(value)) / field.scale) + 1
    half = 1 << (field.width - 1)
    if steps >= half:
        raise FormatError(f"{value!r} is more than {field.width} bits hold in steps of {field.scale:g} {field.unit}")
    return (half if float(value) < 0 else 0) | steps
