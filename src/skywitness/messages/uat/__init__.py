"""UAT, 978 MHz."""
