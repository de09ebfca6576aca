"""HTTP: what clients of this field ask, and our own interface."""
