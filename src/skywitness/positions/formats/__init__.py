"""Formats that hold positions, already decoded by others."""
