"""Mode S: every downlink format, extended squitter and Comm-B register."""
