"""What others read: bytes out."""
