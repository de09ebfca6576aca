"""The formats that hold frames: read and written."""
