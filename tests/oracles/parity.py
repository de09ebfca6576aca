"""The Mode S parity by long division of polynomials, a bit at a time, on strings."""

from __future__ import annotations

GENERATOR_BITS = "1111111111111010000001001"  # Annex 10 Vol. IV 3.1.2.3.3.1: degree 24 first


def remainder(frame: bytes) -> int:
    """Remainder of the whole frame, parity field and all."""
    bits = [int(bit) for byte in frame for bit in f"{byte:08b}"]
    generator = [int(bit) for bit in GENERATOR_BITS]
    for start in range(len(bits) - 24):
        if bits[start]:
            for k, g in enumerate(generator):
                bits[start + k] ^= g
    return int("".join(map(str, bits[-24:])), 2)


def with_parity(body: bytes, overlay: int = 0) -> bytes:
    """Append the parity of a body of 4 or 11 bytes, overlaid with an address or an interrogator's code."""
    return body + (remainder(body + bytes(3)) ^ overlay).to_bytes(3, "big")
