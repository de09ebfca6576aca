"""What a frame says."""
