"""Outputs by name, and places that cannot be written."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from interneg.errors import InputError, OutputError, UsageError
from interneg.io import open_clip, open_output
from tests.core.io.io_clips import clip_of, png

FULL_DISK = """
import resource, shutil, signal, sys
from pathlib import Path
import numpy as np
from interneg.errors import OutputError
from interneg.frame import Frame
from interneg.io import open_clip, open_output

source, target, limit = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
frame = Frame.of(np.random.default_rng(0).random((3, 48, 64)), number=1, depth=("uint8",) * 3)
out = open_output(target, open_clip(source), overwrite=True)
out.write(frame, {"recipe": "first"})
before = target.read_bytes()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
usage = shutil.disk_usage(target.parent)
shutil.disk_usage = lambda path: usage._replace(free=0)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
size = len(before)
for share in (0, 0.3, 0.6, 0.9, 0.99, 1):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size * share) - (share == 1), hard))
    try:
        out = open_output(target, open_clip(source), overwrite=True)
        out.write(frame, {"recipe": "first"})
        out.close()
    except OutputError as e:
        assert str(target) in str(e) and ".tmp" not in str(e), e
        assert "the disk is full" in str(e), e
    else:
        raise SystemExit(f"silent at {share}")
    assert target.read_bytes() == before
    left = sorted(p.name for p in target.parent.iterdir())
    assert left in ([target.name], [".interneg", target.name]), left
print("all refused")
"""


def test_folder_output_takes_the_names_of_the_input(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1001, 1002)
    out = open_output(tmp_path / "new" / "folder", clip)
    assert out.path_of(1002) == tmp_path / "new" / "folder" / "plate.1002.png"


def test_one_image_cannot_hold_a_clip(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1, 2)
    with pytest.raises(UsageError, match="2 frames"):
        open_output(tmp_path / "out.exr", clip)
    assert open_output(tmp_path / "out.exr", clip, numbers=[2]).path_of(2) == tmp_path / "out.exr"
    with pytest.raises(UsageError, match="depth 'uint9'"):
        open_output(tmp_path / "out", clip, depth="uint9")


def test_a_place_that_cannot_be(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1)
    (tmp_path / "file").write_text("in the way")
    for name in ("file/sub/####.exr", "file/####.mov"):
        out = open_output(tmp_path / name, clip, numbers=[1])
        with pytest.raises(OutputError, match="file"):
            out.write(clip.read(1), {})
    assert (tmp_path / "file").read_text() == "in the way"


def test_names_that_the_system_refuses(tmp_path: Path) -> None:
    clip, name = clip_of(tmp_path / "in", 1), "a" * 300
    for suffix in (".exr", ".####.exr", ".mov"):
        with pytest.raises(InputError, match=f"{name}.*too long"):
            open_clip(tmp_path / (name + suffix))
        with pytest.raises(OutputError, match=f"{name}.*too long"):
            open_output(tmp_path / (name + suffix), clip, numbers=[1])


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs a limit on file sizes")
@pytest.mark.parametrize("suffix", ["exr", "png", "tif", "dpx", "jpg", "mov", "mkv", "mp4"])
def test_full_disk(tmp_path: Path, suffix: str) -> None:
    """A limit on file sizes stands for the full disk: both end a write at any byte."""
    source = png(tmp_path / "in.png")
    script = FULL_DISK
    if suffix in ("mov", "mkv", "mp4"):
        script = script.replace('"first"})\nbefore', '"first"})\nout.close()\nbefore')
    done = subprocess.run(
        [sys.executable, "-c", script, source, tmp_path / "out" / f"out.{suffix}", "0"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "all refused\n", done.stdout + done.stderr


def test_import_loads_no_library() -> None:
    code = "import sys, interneg.io; sys.exit(bool({'OpenImageIO', 'av'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
