"""The permanent record on disk: receptions, positions, states, and the list of what is missing."""
