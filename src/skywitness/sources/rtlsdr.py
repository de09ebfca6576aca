"""Samples of an RTL-SDR stick on this computer, by the optional package pyrtlsdr (`pip install skywitness[sdr]`)."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from skywitness.errors import ConfigError, SourceError
from skywitness.sources.rtl_tcp import CHUNK_BYTES, Tuning

__all__ = ["RtlSdr"]


class RtlSdr:
    """An RTL-SDR stick: iterate over it for bytes of uc8 samples. A context manager."""

    def __init__(self, device: int = 0, tuning: Tuning | None = None) -> None:
        """Open and tune a stick. Raises ConfigError if pyrtlsdr is missing, SourceError if the stick is."""
        self.source = f"rtlsdr://{device}"
        self.tuning = tuning or Tuning()
        try:
            package: Any = importlib.import_module("rtlsdr")
        except ImportError as error:
            raise ConfigError(
                f"reading a stick needs pyrtlsdr ({error})",
                source=self.source,
                hint="pip install 'skywitness[sdr]', or run rtl_tcp and use rtl_tcp://127.0.0.1:1234.",
            ) from error
        try:
            self._radio = package.RtlSdr(device)
            self._tune()
        except OSError as error:
            raise SourceError(f"cannot be used: {error}", source=self.source) from error

    def _tune(self) -> None:
        tuning = self.tuning
        self._radio.sample_rate = tuning.rate_hz
        self._radio.center_freq = tuning.frequency_hz
        if tuning.correction_ppm:
            self._radio.freq_correction = tuning.correction_ppm
        self._radio.set_agc_mode(tuning.agc)
        if tuning.gain_index is not None:
            self._radio.gain = self._radio.valid_gains_db[tuning.gain_index]
        else:
            self._radio.gain = "auto" if tuning.gain_db is None else tuning.gain_db
        if tuning.bias_tee:
            self._radio.set_bias_tee(True)

    def __iter__(self) -> Iterator[bytes]:
        """Bytes as they come. Raises SourceError if the stick fails."""
        while True:
            try:
                yield bytes(self._radio.read_bytes(CHUNK_BYTES))
            except OSError as error:
                raise SourceError(f"no more samples: {error}", source=self.source) from error

    def close(self) -> None:
        """Let the stick go."""
        self._radio.close()

    def __enter__(self) -> Self:
        """Return the stick itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the stick go."""
        self.close()
