"""Parity and bit repair: needed by frames and messages alike."""
