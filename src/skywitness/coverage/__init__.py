"""What each receiver hears, and how far."""
