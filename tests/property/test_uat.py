"""Any bytes, any cutting: UAT text never fails and gives the same rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from skywitness.batches import Positions
from skywitness.frames.formats.uat import UatFrames, UatReader
from skywitness.messages.uat.decode import decode_uat
from skywitness.messages.uat.decoder import UatDecoder

payloads = st.binary(min_size=34, max_size=34) | st.binary(min_size=18, max_size=18)
messages = payloads.map(lambda p: b"-" + p.hex().encode() + b";") | st.just(b"+" + b"a5" * 432 + b";rs=2;")
suffixes = st.sampled_from((b"", b"rs=1;", b"rssi=-21.5;t=1535236829.123;", b"t=1e9;", b"rs=x;rssi=;t=1e999;"))
prefixes = st.sampled_from((b"", b"", b"597318177,", b"START,Mon Sep 7 14:17:41 +0000 UTC 2015\n1,"))
garbage = st.binary(max_size=40)
texts = st.lists(st.builds(lambda a, b, c, d: a + b + c + d, prefixes, messages | garbage, suffixes, st.just(b"\n")))


@given(texts.map(b"".join), st.lists(st.integers(0, 400)))
def test_cutting_changes_nothing(text, cuts):
    whole = UatReader(receiver=2, segment=1)
    expected = UatFrames.concat([whole.push(text), whole.flush()])
    reader, parts = UatReader(receiver=2, segment=1), []
    start = 0
    for length in [*cuts, len(text)]:
        parts.append(reader.push(text[start : start + length]))
        start += length
    parts.append(reader.flush())
    assert UatFrames.concat(parts).same_as(expected)
    assert reader.counts == whole.counts
    decoder = UatDecoder()
    positions = Positions.concat([decoder.push(part) for part in parts])
    assert positions.same_as(UatDecoder().push(expected))


@given(payloads)
def test_any_payload_is_read(payload):
    message = decode_uat(payload)
    if message.state is not None and message.state.lat_deg is not None:
        assert -90 <= message.state.lat_deg <= 90
        assert -180 <= message.state.lon_deg < 180
