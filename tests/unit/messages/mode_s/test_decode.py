"""One message: attributes, addresses, and errors that say what is wrong."""

from __future__ import annotations

import pytest

from skywitness.errors import FormatError, SkywitnessError
from skywitness.messages.mode_s.decode import decode, read_hex


def test_every_field_is_an_attribute():
    message = decode("8D485020994409940838175B284F")
    assert (message.df, message.icao24, message.typecode, message.address_verified) == (17, "485020", 19, True)
    assert message.groundspeed_kt == pytest.approx(159.2, abs=0.01)
    assert message.track_deg == pytest.approx(182.88, abs=0.01)
    assert message.vertical_rate_fpm == -832
    assert message.vertical_rate_source == "GNSS"
    assert message.title == "airborne velocity over ground"
    assert message.callsign is None
    assert "callsign" in dir(message)
    assert "callsign" not in message.fields
    with pytest.raises(AttributeError, match="no field 'speed'"):
        message.speed  # noqa: B018


def test_bytes_and_text_are_one():
    text = "*8D406B902015A678D4D220AA4BDA;\n"
    assert decode(text) == decode(read_hex("8d406b90 2015a678 d4d220aa4bda"))
    assert decode(text).callsign == "EZY85MH"
    assert decode(text).category == "A0"
    assert "callsign='EZY85MH'" in repr(decode(text))


def test_an_address_is_verified_only_by_a_parity_without_error():
    assert decode("5D4840D6F7B0D5").icao24 == "4840d6"
    wrong = decode("8D4840D6202CC371C32CE0576099")
    assert not wrong.address_verified
    assert wrong.remainder != 0
    assert wrong.callsign == "KLM1023"
    reply = decode("02a184999c5fe3")
    assert (reply.df, reply.icao24, reply.address_verified, reply.altitude_ft) == (0, "504dd9", False, 6425)


def test_the_interrogator_of_an_all_call_reply():
    reply = decode("5f4001594b0fbb")
    assert (reply.df, reply.icao24, reply.address_verified, reply.interrogator) == (11, "400159", True, 0)


def test_zeros_are_values():
    reply = decode("28000000000000")
    assert reply.squawk == "0000"
    assert decode("20000000000000").altitude_ft is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is no frame"),
        ("8D4840D6202CC371C32CE057609", "27 hex digits, an odd number"),
        ("8D4840D6202CC371C32CE05760", "13 bytes; a Mode S frame has 7 or 14"),
        ("8D4840D6202CC371C32CE0576G98", "'G' at place 26 of 8D4840D6202CC371C32CE0576G98 is no hex digit"),
        ("8D4840D6202CC3", "is DF 17, which has 14 bytes, not 7"),
        ("02a184999c5fe302a184999c5fe3", "is DF 0, which has 7 bytes, not 14"),
        ("1a33" + "00" * 30, "Beast escapes"),
    ],
)
def test_an_error_says_what_is_wrong(text: str, words: str):
    with pytest.raises(FormatError) as caught:
        decode(text)
    assert words in str(caught.value)
    assert isinstance(caught.value, SkywitnessError)


@pytest.mark.parametrize("first", range(256))
def test_every_first_byte_is_decoded(first: int):
    size = 14 if first >> 3 >= 16 else 7
    message = decode(bytes([first, *range(1, size)]))
    assert message.df == min(first >> 3, 24)
    assert message.fields["df"] == message.df


def test_an_altitude_of_the_frame_wins_over_that_of_a_register():
    """The register of a reply may repeat what the frame says; the frame's own field stays."""
    message = decode("A0001692185BD5CF400000DFC696")
    assert message.bds == "44"
    assert message.wind_speed_kt == 22
