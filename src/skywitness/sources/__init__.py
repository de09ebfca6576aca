"""Bytes in: files, networks, radios."""
