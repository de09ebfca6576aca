"""Text formats that hold messages, already decoded by others."""
