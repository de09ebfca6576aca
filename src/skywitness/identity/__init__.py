"""Whose address it is: registration, type, operator, each with its source."""
