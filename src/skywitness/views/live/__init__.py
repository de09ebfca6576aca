"""Live deltas: what changed since the last picture, by tile and filter, made once for all who watch."""
