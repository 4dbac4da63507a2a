"""`interneg qc` with LPIPS by weights of the user's, and with VMAF by an FFmpeg that has it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from interneg.frame import Pixels
from tests.plugin.cli.test_import_model import run

# An FFmpeg that lists libvmaf, and gives as VMAF of a frame 100 less the mean difference of its two halves.
FAKE = """#!{python}
import json, sys
import numpy as np
words = sys.argv[1:]
if "-filters" in words:
    print(" ... libvmaf           VV->V      Calculate the VMAF.")
    raise SystemExit
width, height = map(int, words[words.index("-video_size") + 1].split("x"))
graph = words[words.index("-lavfi") + 1]
half = width // 2
assert f"crop={{half}}:{{height}}:0:0,format=yuv420p[reference]" in graph, graph
assert f"crop={{half}}:{{height}}:{{half}}:0,format=yuv420p[test]" in graph, graph
assert "[test][reference]libvmaf=log_fmt=json:log_path=vmaf.json" in graph, graph
data = np.frombuffer(sys.stdin.buffer.read(), np.uint8).reshape(-1, height, width, 3).astype(float)
if {broken}:
    sys.exit("libvmaf ERROR could not load model")
vmaf = [100 - float(np.abs(f[:, :half] - f[:, half:]).mean()) for f in data]
frames = [{{"frameNum": k, "metrics": {{"vmaf": v}}}} for k, v in enumerate(vmaf)]
json.dump({{"frames": frames}}, open("vmaf.json", "w"))
"""


@pytest.fixture
def clips(tmp_path: Path) -> tuple[str, str]:
    """Two clips of three frames, the second brighter by 4, 8 and 12 codes."""
    for name, step in (("one", 0), ("two", 4)):
        (tmp_path / name).mkdir()
        for number in range(1, 4):
            picture = np.full((36, 42, 3), 100 + step * number, np.uint8)
            cv2.imwrite(str(tmp_path / name / f"f.{number:04d}.png"), picture)
    return str(tmp_path / "one" / "f.%04d.png"), str(tmp_path / "two" / "f.%04d.png")


def program(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (folder / "bin").mkdir()
    path = folder / "bin" / "ffmpeg"
    path.write_text(text)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "bin"))


def test_vmaf_is_what_ffmpeg_says_of_each_pair(
    clips: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, monkeypatch, FAKE.format(python=sys.executable, broken=False))
    code, said = run("qc", *clips, "--vmaf", "--json", tmp_path / "qc.json", "--html", tmp_path)
    assert code == 0, said
    assert "VMAF" in said and "VMAF" in (tmp_path / "qc.html").read_text()
    told = json.loads((tmp_path / "qc.json").read_text())
    assert [f["vmaf"] for f in told["frames"]] == [96, 92, 88]
    assert told["summary"]["vmaf"] == {"mean": 92, "worst": 88, "frame": 3}


def test_vmaf_of_ffmpeg_itself_falls_with_noise(
    clips: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("imageio_ffmpeg", reason="VMAF needs an FFmpeg that has it: the extra vmaf")
    dice = np.random.default_rng(0)
    picture = cv2.GaussianBlur(dice.uniform(0, 255, (240, 320, 3)).astype(np.float32), (0, 0), 3)
    picture = np.clip(128 + 6 * (picture - 128), 0, 255)
    for name, sigma in (("clean", 0), ("noisy", 25)):
        (tmp_path / name).mkdir()
        for number in range(1, 4):
            frame = np.roll(picture, 2 * number, 1) + sigma * dice.standard_normal(picture.shape)
            cv2.imwrite(str(tmp_path / name / f"f.{number:04d}.png"), np.clip(frame, 0, 255).astype(np.uint8))
    monkeypatch.setenv("PATH", str(tmp_path))  # so that the package's own is taken
    clean, noisy = (str(tmp_path / name / "f.%04d.png") for name in ("clean", "noisy"))
    found = []
    for test in (clean, noisy):
        code, said = run("qc", clean, test, "--vmaf", "--json", tmp_path / "qc.json")
        assert code == 0, said
        found.append(json.loads((tmp_path / "qc.json").read_text())["summary"]["vmaf"]["mean"])
    assert found[0] > 95 and found[1] < 85, found


def test_without_vmaf_one_message_says_so(
    clips: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path))
        code, said = run("qc", *clips, "--vmaf")
        assert (code, "pip install 'interneg[vmaf]'" in said, "none is there" in said) == (5, True, True)
    program(tmp_path, monkeypatch, "#!/bin/sh\necho ' ... vmafmotion        V->V       Motion score.'\n")
    code, said = run("qc", *clips, "--vmaf")
    assert (code, "has no VMAF: `ffmpeg -filters` lists no libvmaf" in said) == (5, True)


def test_what_ffmpeg_says_of_a_failure_is_told(
    clips: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, monkeypatch, FAKE.format(python=sys.executable, broken=True))
    code, said = run("qc", *clips, "--vmaf")
    assert (code, "could not measure VMAF: libvmaf ERROR could not load model" in said) == (5, True)


def test_lpips_is_measured_by_the_weights_that_are_named(clips: tuple[str, str], tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="LPIPS needs torch")
    from interneg.engines.lpips import Lpips
    from tests.engines.test_lpips import ALEX, stored

    files = stored(tmp_path, ALEX)
    words = [w for path in files for w in ("--lpips", path)]
    code, said = run("qc", *clips, *words, "--json", tmp_path / "qc.json")
    assert code == 0, said
    assert "LPIPS (AlexNet)" in said
    told = json.loads((tmp_path / "qc.json").read_text())

    def flat(value: int) -> Pixels:
        return np.full((3, 36, 42), value / 255, np.float32)

    found = [f["lpips"] for f in told["frames"]]
    expected = [Lpips(files).distance(flat(100), flat(100 + 4 * n)) for n in (1, 2, 3)]
    assert found == pytest.approx(expected, rel=1e-4)
    assert told["summary"]["lpips"]["frame"] == 3
    code, said = run("qc", *clips, "--lpips", tmp_path / "gone.pth")
    assert (code, "gone.pth cannot be read: No such file" in said) == (3, True)
