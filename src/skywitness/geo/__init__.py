"""The Earth: WGS-84, the zones of compact position reporting, distances."""
