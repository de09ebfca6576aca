"""Recorded samples, the noise between them, and the command."""

from __future__ import annotations

import json
import socket
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
import zstandard

from skywitness import cli
from skywitness.batches import Frames
from skywitness.frames.demodulate import Demodulator, Details
from skywitness.frames.formats.beast import BeastReader
from tests.oracles import modulator


def demodulated(
    raw: bytes, rate_hz: float, sample_format: str, repair: str = "none"
) -> tuple[list[bytes], Demodulator]:
    demodulator = Demodulator(rate_hz, sample_format, repair=repair)
    frames, details = [], []
    for batch in (demodulator.push(raw), None):
        frames.append(demodulator.flush() if batch is None else batch)
        details.append(demodulator.details)
    every, detail = Frames.concat(frames), Details.concat(details)
    ends = detail.start_samples + (8 + 8.0 * every.length) * rate_hz / 1e6
    assert (detail.start_samples[1:] > ends[:-1]).all(), "messages overlap"
    clean = detail.repaired_bit == 0
    return [bytes(r[:n]) for r, n in zip(every.data[clean], every.length[clean], strict=True)], demodulator


def syndrome(frame: bytes) -> int:
    bits = bin(int.from_bytes(b"\x01" + frame))[3:-24]
    return int(modulator.parity(bits), 2) ^ int.from_bytes(frame[-3:])


def test_modes1(data_dir: Path):
    listed = {bytes.fromhex(line) for line in (data_dir / "raw" / "modes1.frames.txt").read_text().split()}
    assert len(listed) == 112
    found, demodulator = demodulated((data_dir / "raw" / "modes1.uc8").read_bytes(), 2e6, "uc8")
    assert len(found) >= 345
    assert listed <= set(found)
    for frame in set(found) - listed:
        df = frame[0] >> 3
        assert syndrome(frame) in ((0,) if df in (17, 18) else (0, 0x4D2023) if df != 11 else range(128))
        assert df != 11 or syndrome(frame) == 0 or frame[1:4] == bytes.fromhex("4d2023")
        assert df in (0, 4, 5, 11, 16, 17, 18, 20, 21)
    assert demodulator.counts["repaired"] == 0


def test_repair_is_counted_apart(data_dir: Path):
    raw = (data_dir / "raw" / "modes1.uc8").read_bytes()
    clean, _ = demodulated(raw, 2e6, "uc8")
    with_repair, demodulator = demodulated(raw, 2e6, "uc8", "one")
    assert demodulator.counts["accepted"] == len(with_repair)
    assert len(with_repair) >= len(clean) - 2  # a mended reply may stand where a later one would have begun


@pytest.mark.parametrize("name", ["rs_1641427457780.2m4.iq.zst", "rs_1641428165033.2m4.iq.zst"])
def test_every_frame_of_the_2_4_recordings(data_dir: Path, name: str):
    expected = json.loads((data_dir / "raw" / "iq_expected.json").read_text())[name]["frames_in_order"]
    wanted = {bytes.fromhex(frame) for frame in expected}
    # The last reply is listed twice, as 56 bits and with the noise after it: "count it once".
    wanted -= {bytes.fromhex("5dad92936265f525be017735997b")}
    with (data_dir / "raw" / name).open("rb") as file:
        raw = zstandard.ZstdDecompressor().stream_reader(file).read()
    found, _ = demodulated(raw, 2.4e6, "sc16")
    assert wanted <= set(found)
    assert all(syndrome(frame) == 0 for frame in found if frame[0] >> 3 in (17, 18))


@pytest.mark.parametrize(("rate_hz", "sample_format"), [(2e6, "uc8"), (2.4e6, "sc16")])
def test_noise_is_no_traffic(rate_hz: float, sample_format: str):
    # A tenth of the sixty seconds for which at most 1 DF 17 and 5 others are allowed; `bench demod` does all of them.
    demodulator = Demodulator(rate_hz, sample_format)
    rng = np.random.default_rng(17)
    count = 0
    for _ in range(6):
        if sample_format == "uc8":
            raw = rng.normal(127.5, 2.5, int(2 * rate_hz)).round().clip(0, 255).astype(np.uint8)
        else:
            raw = rng.normal(0, 1000, int(2 * rate_hz)).astype(np.int16)
        count += len(demodulator.push(raw.tobytes()))
    assert count <= 1
    assert demodulator.counts["preambles"] > 1000


@pytest.fixture
def capture(tmp_path: Path) -> tuple[Path, list[bytes]]:
    rng = np.random.default_rng(4)
    frames = [modulator.random_squitter(rng, 0x3C6400 + k) for k in range(8)]
    replies = [(1e-4 + 3e-4 * k, frame, 0.4) for k, frame in enumerate(frames)]
    path = tmp_path / "capture.iq"
    path.write_bytes(modulator.quantised(modulator.modulate(rng, 2.4e6, 3e-3, replies, 0.01), "uc8"))
    return path, frames


def test_the_command_writes_avr(capture: tuple[Path, list[bytes]], capsys: pytest.CaptureFixture[str]):
    path, frames = capture
    assert cli.main(["demod", str(path)]) == 0
    out, error = capsys.readouterr()
    assert [line[15:-1].lower() for line in out.splitlines()] == [frame.hex() for frame in frames]
    assert "as uc8 at 2.4 MS/s" in error
    assert "8 frames" in error


def test_the_command_writes_beast(capture: tuple[Path, list[bytes]], tmp_path: Path):
    path, frames = capture
    out = tmp_path / "out.beast"
    assert cli.main(["demod", str(path), "--rate", "2.4M", "--format", "uc8", "--repair", "one", "-o", str(out)]) == 0
    reader = BeastReader()
    read = Frames.concat([reader.push(out.read_bytes()), reader.flush()])
    assert [bytes(row) for row in read.data] == frames
    np.testing.assert_allclose(np.diff(read.ticks), 3600, atol=2)
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["noise.iq"], "--format"),
        (["empty.iq"], "it is empty"),
        (["empty.iq", "--rate", "2.4M", "--format", "sc16"], "not one whole sample"),
        (["noise.iq", "--rate", "1M", "--format", "uc8"], "sample rate"),
        (["noise.iq", "-o", "out.xyz"], "--to"),
        (["http://x"], "rtl_tcp://"),
        (["rtl_tcp://127.0.0.1:1", "--format", "sc16"], "uc8"),
    ],
)
def test_wrong_use_is_one_sentence(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(tmp_path)
    Path("noise.iq").write_bytes(np.random.default_rng(1).bytes(200_000))
    Path("empty.iq").write_bytes(b"")
    assert cli.main(["demod", *arguments]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert words in error


def test_the_name_is_asked_last(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "quiet_2m4.uc8"
    path.write_bytes(np.full(100_000, 127, np.uint8).tobytes())
    assert cli.main(["demod", str(path)]) == 0
    assert "as uc8 at 2.4 MS/s: that is what its name says" in capsys.readouterr().err


def test_a_radio_on_the_network(data_dir: Path, tmp_path: Path):
    samples = (data_dir / "raw" / "modes1.uc8").read_bytes()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            client.sendall(struct.pack(">4sII", b"RTL0", 5, 29))
            client.sendall(samples)
            client.shutdown(socket.SHUT_WR)
            while client.recv(1000):
                pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    out = tmp_path / "live.avr"
    url = f"rtl_tcp://127.0.0.1:{listener.getsockname()[1]}"
    assert cli.main(["demod", url, "--rate", "2.0M", "-o", str(out)]) == 0
    thread.join(5)
    listener.close()
    assert len(out.read_text().splitlines()) >= 345
