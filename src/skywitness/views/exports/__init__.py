"""Tracks as files that other programs open, and as pictures."""
