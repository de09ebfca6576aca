"""Looking for bytes that break a reader: an exception, a hang, growth. `make fuzz MINUTES=10`.

The search runs with kernels as plain Python, so that coverage guides it through them too; what it found is then
replayed on the compiled kernels with bounds checks.
"""
