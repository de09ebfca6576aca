"""How simulated streams say that they are simulated.

- Beast: the first message is the UUID (0x1A 0xE4) of the simulated receiver; all of these begin with SIMULATED_UUID.
- Files of any format have a sidecar, `<name>.simulated.json`, that names the scenario, the seed and the files.
- Tables have it in the column `provenance` and in the metadata of their schema.
"""

from __future__ import annotations

__all__ = ["SIMULATED_UUID", "is_simulated_uuid", "simulated_uuid"]

SIMULATED_UUID = "51b01a7e-d000-4000-8000-"
"""Beginning of the UUIDs of simulated receivers; the receiver's number follows in twelve hexadecimal digits."""


def simulated_uuid(receiver: int) -> str:
    """UUID of a simulated receiver."""
    return f"{SIMULATED_UUID}{receiver:012x}"


def is_simulated_uuid(uuid: str) -> bool:
    """Say whether a UUID, however written, is that of a simulated receiver."""
    return uuid.replace("-", "").lower().startswith(SIMULATED_UUID.replace("-", ""))
