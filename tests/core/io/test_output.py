import os
import resource
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from interneg.errors import InputError, OutputError, UsageError
from interneg.frame import Frame
from interneg.io import Clip, open_clip, open_output, same_file
from interneg.io.image_writer import write_image

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


def png(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = Frame.of(np.full((3, 4, 4), 0.2), depth=("uint8",) * 3)
    write_image(path, frame, attributes={}, warn=lambda kind, sentence: None)
    return path


def clip_of(folder: Path, *numbers: int) -> Clip:
    for n in numbers:
        png(folder / f"plate.{n:04}.png")
    return open_clip(folder)


def test_clip_from_names(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1001, 1002, 1004)
    assert clip.numbers == (1001, 1002, 1004)
    assert open_clip(tmp_path / "in" / "plate.%04d.png").numbers == clip.numbers
    one = open_clip(tmp_path / "in" / "plate.1002.png")
    assert (one.numbers, one.read(1002).number) == ((1002,), 1002)
    assert open_clip(png(tmp_path / "still.png"), first=7).numbers == (7,)
    assert clip.path_of(1004) == tmp_path / "in" / "plate.1004.png"
    assert clip.path_of(1003) is None
    with pytest.raises(InputError, match=r"frame 1003 is missing; there are 1001-1002,1004"):
        clip.read(1003)
    with pytest.raises(InputError, match="no frame of this sequence"):
        open_clip(tmp_path / "in" / "other.####.png")
    with pytest.raises(InputError, match="no such file"):
        open_clip(tmp_path / "nothing.exr")
    with pytest.raises(UsageError, match=r"'\.gif' is no file type"):
        open_clip(tmp_path / "a.####.gif")


def test_digest_follows_the_content(tmp_path: Path) -> None:
    clip = clip_of(tmp_path, 1, 2)
    assert clip.digest(1) == clip.digest(2)
    before = clip.digest(2)
    write_image(
        tmp_path / "plate.0002.png",
        Frame.of(np.zeros((3, 40, 4)), depth=("uint8",) * 3),
        attributes={},
        warn=lambda kind, sentence: None,
    )
    assert clip.digest(2) != before


NAMES = ["####.exr", "%04d.png", "f.####.tif", "####.dpx", "####.jpg"]


@pytest.mark.parametrize("name", NAMES)
def test_provenance_comes_back(tmp_path: Path, name: str) -> None:
    clip = clip_of(tmp_path / "in", 1, 2)
    out = open_output(tmp_path / "out" / name, clip)
    assert out.provenance(1) is None
    made = {"recipe": "denoise-sr", "input": "häsh"}
    path = out.write(clip.read(1), made)
    assert path == out.path_of(1)
    assert out.provenance(1) == made
    assert out.provenance(2) is None
    out.write(open_clip(path).read(1), {"recipe": "again"})
    assert out.provenance(1) == {"recipe": "again"}
    path.write_bytes(path.read_bytes()[:10])
    assert out.provenance(1) is None


def noise(number: int) -> Frame:
    pixels = np.random.default_rng(number).random((3, 48, 64), np.float32)
    return Frame.of(pixels, depth=("uint8",) * 3, number=number)


@pytest.mark.parametrize("compression", ["zip", "none"])
@pytest.mark.parametrize("name", NAMES)
def test_damage_is_found(tmp_path: Path, name: str, compression: str) -> None:
    clip = clip_of(tmp_path / "in", 1)
    made = {"recipe": "a", "models": ""}
    out = open_output(tmp_path / "out" / name, clip)
    frame = replace(noise(1), metadata={"compression": compression})
    path = out.write(frame, made)
    data = path.read_bytes()
    for length in (0, 5, len(data) // 3, len(data) - 20):
        path.write_bytes(data[:length])
        assert out.provenance(1) is None, length
        out.write(frame, made)
        assert path.stat().st_size == len(data)
    data = path.read_bytes()
    path.write_bytes(data[:2500] + bytes(1000) + data[3500:])
    assert not out.provenance(1)
    path.write_bytes(data)
    assert out.provenance(1) == made


def test_frames_taken_elsewhere_without_their_side_files(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1)
    for name in ("####.exr", "####.png"):
        out = open_output(tmp_path / "out" / name, clip)
        path = out.write(noise(1), {"recipe": "a"})
        data = path.read_bytes()
        out.write(noise(1), {"recipe": "b"})
        path.write_bytes(data)
        assert out.provenance(1) == {"recipe": "a"}
        (path.parent / ".interneg" / f"{path.name}.json").unlink()
        assert out.provenance(1) == {"recipe": "a"}
        path.write_bytes(data[: len(data) // 2])
        assert out.provenance(1) is None


@pytest.mark.parametrize("name", ["####.exr", "####.tif"])
def test_a_frame_that_was_changed_since_is_kept(tmp_path: Path, name: str) -> None:
    clip = clip_of(tmp_path / "in", 1)
    out = open_output(tmp_path / "out" / name, clip)
    path = out.write(noise(1), {"recipe": "a"})
    told = {"interneg:recipe": "a"} if name.endswith("exr") else {}
    write_image(path, noise(2), attributes=told, warn=lambda kind, sentence: None)
    assert out.provenance(1) == {}
    with pytest.raises(OutputError, match="changed since"):
        out.write(noise(1), {"recipe": "a"})


def test_a_render_ended_between_side_file_and_frame(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1)
    out = open_output(tmp_path / "out" / "####.tif", clip)
    data = out.write(noise(1), {"recipe": "a"}).read_bytes()
    path = out.write(replace(noise(2), number=1), {"recipe": "b"})
    path.write_bytes(data)
    assert out.provenance(1) is None
    path.unlink()
    assert out.provenance(1) is None


def test_side_file_of_another_picture_is_not_believed(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1)
    out = open_output(tmp_path / "out" / "####.tif", clip)
    path = out.write(clip.read(1), {"recipe": "a"})
    other = open_output(tmp_path / "other.tif", clip).write(
        Frame.of(np.ones((3, 4, 4)), depth=("uint8",) * 3, number=1), {}
    )
    os.replace(other, path)
    assert out.provenance(1) == {}


def test_foreign_files_are_not_replaced(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1)
    there = png(tmp_path / "out" / "plate.0001.png")
    before = there.read_bytes()
    with pytest.raises(OutputError, match="exists"):
        open_output(tmp_path / "out", clip).write(clip.read(1), {})
    assert there.read_bytes() == before
    open_output(tmp_path / "out", clip, overwrite=True).write(clip.read(1), {"a": "b"})
    open_output(tmp_path / "out", clip).write(clip.read(1), {"a": "c"})
    assert open_output(tmp_path / "out", clip).provenance(1) == {"a": "c"}


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


def test_output_over_input_is_refused(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1, 2)
    source = tmp_path / "in" / "plate.0002.png"
    before = source.read_bytes()
    (tmp_path / "link").symlink_to(tmp_path / "in")
    for folder, make in (("soft", os.symlink), ("hard", os.link)):
        (tmp_path / folder).mkdir()
        make(source, tmp_path / folder / "plate.0002.png")
    for name in (
        "in",
        "in/plate.%04d.png",
        "in/../in/plate.####.png",
        "link",
        "soft",
        "hard/plate.####.png",
    ):
        with pytest.raises(UsageError, match="overwrite the input"):
            open_output(tmp_path / name, clip, overwrite=True)
    with pytest.raises(UsageError, match="overwrite the input"):
        open_output(source, open_clip(source), overwrite=True)
    assert source.read_bytes() == before
    open_output(tmp_path / "in" / "restored.####.png", clip)
    assert same_file(source, tmp_path / "hard" / "plate.0002.png")
    assert not same_file(source, tmp_path / "in" / "plate.0001.png")


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


def test_failure_leaves_the_older_frame(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1)
    out = open_output(tmp_path / "out", clip)
    path = out.write(clip.read(1), {"a": "b"})
    before = path.read_bytes()
    with pytest.raises(OutputError, match="layer"):
        out.write(Frame.of(np.zeros((1, 2, 2)), ("layer.x",), number=1), {})
    assert path.read_bytes() == before
    assert sorted(p.name for p in path.parent.iterdir()) == [".interneg", path.name]


def test_rate_from_the_header(tmp_path: Path) -> None:
    for rate, said in ((23.976, Fraction(24000, 1001)), (25.0, Fraction(25))):
        write_image(
            tmp_path / "a.0001.dpx",
            Frame.of(np.zeros((3, 4, 4)), depth=("uint10",) * 3, metadata={"dpx:FrameRate": rate}),
            attributes={},
            warn=lambda kind, sentence: None,
        )
        assert open_clip(tmp_path / "a.0001.dpx").rate == said
    assert clip_of(tmp_path / "in", 1).rate is None


def test_import_loads_no_library() -> None:
    code = "import sys, interneg.io; sys.exit(bool({'OpenImageIO', 'av'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
