"""Worlds with known truth, as the frames that receivers would hear."""
