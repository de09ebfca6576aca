"""Heard when: receptions, their clocks, and which of them are one transmission."""
