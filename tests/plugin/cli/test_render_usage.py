"""What cannot be asked of `interneg render`: refused, with what was expected, and nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.cli.renders import COPY, Plate, failed, render


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["denoise-sr:scael=2"], "no knob 'scael' .did you mean 'scale'"),
        (["denoise-sr:detail=2"], "knob 'denoise-sr.detail' is a number from 0 to 1, not '2'"),
        (["denoise-sr:scale=3"], "knob 'denoise-sr.scale' is one of 1, 2, 4, not '3'"),
        (["denoise"], "no node 'denoise' .did you mean 'denoise-sr'"),
        (["none.toml"], "the recipe none.toml cannot be read"),
        ([COPY, "--set", "denoise-sr.scale"], "'scale' of denoise-sr has no value: expected scale=VALUE"),
        (["denoise-sr:scale=2,scale=4"], "sets scale twice"),
        ([COPY, "--input-space", "ACESgc"], "'ACESgc' is no colour space.*did you mean '.*ACEScg'"),
        ([COPY, "--output-space", "nowhere"], "'nowhere' is no colour space"),
        ([COPY, "--frames", "10-1"], "'10-1' is empty"),
        ([COPY, "--runtime", "openvimo"], "no runtime 'openvimo' .did you mean 'openvino'"),
        ([COPY, "--runtime", "tensorrtx"], "no runtime 'tensorrtx'"),
        ([COPY, "--memory", "0"], "--memory is a number of GiB above 0"),
        ([COPY, "--reference", "ref.exr"], "no node of this recipe takes a reference"),
    ],
)
def test_usage_is_2_and_says_what_was_expected(
    plate: Plate, out: str, arguments: list[str], says: str
) -> None:
    recipe, *options = arguments
    failed(2, says, recipe, plate([1]), out, *options)
    assert not Path(out).parent.exists()


def test_options_that_do_not_exist_are_2(plate: Plate, out: str) -> None:
    assert render(COPY, plate([1]), out, "--missing", "perhaps").exit_code == 2
    assert render(COPY, plate([1]), out, "--frame", "1").exit_code == 2
    assert render(COPY).exit_code == 2


def test_a_cut_list_of_another_clip_is_told(
    plate: Plate, out: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cuts.txt").write_text("90000\n")
    done = render(COPY, plate([1, 2]), out, "--cuts", tmp_path / "cuts.txt")
    assert done.exit_code == 0, done.output
    assert "has no cut within frames 1-2, so the clip is taken for one shot" in caplog.text + done.output


def test_a_cut_list_that_is_none(plate: Plate, out: str, tmp_path: Path) -> None:
    (tmp_path / "cuts.txt").write_text("1001\nsoon")
    failed(2, "line 2 of the cut list has 'soon'", COPY, plate(), out, "--cuts", tmp_path / "cuts.txt")
    failed(3, "the cut list .* cannot be read", COPY, plate(), out, "--cuts", tmp_path / "none.edl")


def test_the_input_is_never_written_over(plate: Plate, tmp_path: Path) -> None:
    pattern = plate()
    before = {p: p.read_bytes() for p in Path(pattern).parent.iterdir()}
    for target in (pattern, Path(pattern).parent, pattern.replace("####", "%04d")):
        failed(2, "would overwrite the input", COPY, pattern, target, "--overwrite")
    (tmp_path / "link").symlink_to(Path(pattern).parent)
    failed(2, "would overwrite the input", COPY, pattern, tmp_path / "link" / "plate.####.exr", "--overwrite")
    assert {p: p.read_bytes() for p in Path(pattern).parent.iterdir()} == before


def test_one_image_cannot_hold_a_clip(plate: Plate, tmp_path: Path) -> None:
    failed(2, "one image cannot hold 6 frames", COPY, plate(), tmp_path / "out.exr")
