"""Cuts in the analysis of a shot: found, given, or changed by a person."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from tests.plugin.cli.analysed_shots import FRAMES, RECIPE, manifest, pictures, refused, run, shoot, well


def test_cuts_that_a_person_changes_hold(clip: str, own: Path, tmp_path: Path) -> None:
    made = manifest(own)
    made["cuts"] = [1001, 1006]
    (own / "analysis.json").write_text(json.dumps(made))
    well("analyse", RECIPE, clip, own)
    assert manifest(own)["cuts"] == [1001, 1006] and manifest(own)["found"] == [1001]
    motions = json.loads((own / "stabilise.json").read_text())["frames"]
    assert motions["1006"]["motion"] == {"dx": 0, "dy": 0, "rotation": 0, "scale": 1}
    given = tmp_path / "cuts.txt"
    given.write_text("1001 1006\n")
    well("analyse", RECIPE, clip, tmp_path / "given.analysis", "--cuts", given)
    assert (tmp_path / "given.analysis" / "stabilise.json").read_text() == (
        own / "stabilise.json"
    ).read_text()


def test_cuts_outside_the_clip_are_one_error(clip: str, own: Path, tmp_path: Path) -> None:
    before = (own / "stabilise.json").read_text()
    made = manifest(own)
    made["cuts"] = [1001, 10060]
    (own / "analysis.json").write_text(json.dumps(made))
    render = "render", RECIPE, clip, tmp_path / "o" / "o.####.exr", "--analysis", own
    for command in (("analyse", RECIPE, clip, own), render):
        line = refused(3, *command)
        assert '"cuts" names frames 10060, and the clip has 1001-1010' in line
    assert (own / "stabilise.json").read_text() == before and manifest(own) == made


@pytest.mark.parametrize("changed", [False, True])
def test_a_clip_that_lost_its_first_frames_is_solved_again(tmp_path: Path, changed: bool) -> None:
    clip, folder = shoot(tmp_path / "in", 1), tmp_path / "shot.analysis"
    well("analyse", "stabilise", clip, folder)
    if changed:
        made = manifest(folder) | {"cuts": [1001, 1006]}
        (folder / "analysis.json").write_text(json.dumps(made))
        well("analyse", "stabilise", clip, folder)
    for number in (1001, 1002):
        (tmp_path / "in" / f"p.{number}.exr").unlink()
    well("render", "stabilise", clip, tmp_path / "o" / "o.####.exr", "--analysis", folder, "--frames", "1010")
    for _ in range(2):
        well("analyse", "stabilise", clip, folder)
        assert manifest(folder)["cuts"] == ([1003, 1006] if changed else [1003])
    cuts = tmp_path / "cuts.txt"
    cuts.write_text("1003 1006\n" if changed else "1003\n")
    well("analyse", "stabilise", clip, tmp_path / "new.analysis", "--cuts", cuts)
    assert (tmp_path / "new.analysis" / "stabilise.json").read_text() == (
        folder / "stabilise.json"
    ).read_text()


def test_cuts_of_a_short_shot_can_be_changed(tmp_path: Path) -> None:
    """Windows that see all of a shot, and more."""
    clip, folder = shoot(tmp_path / "in", 1), tmp_path / "shot.analysis"
    well("analyse", "stabilise", clip, folder)
    made = manifest(folder)
    made["cuts"] = [1001, 1006]
    (folder / "analysis.json").write_text(json.dumps(made))
    line = refused(3, "render", "stabilise", clip, tmp_path / "o" / "o.####.exr", "--analysis", folder)
    assert "solved with cuts at 1001, and now they are others" in line
    well("analyse", "stabilise", clip, folder)
    cuts = tmp_path / "cuts.txt"
    cuts.write_text("1001 1006\n")
    well("analyse", "stabilise", clip, tmp_path / "given.analysis", "--cuts", cuts)
    assert (tmp_path / "given.analysis" / "stabilise.json").read_text() == (
        folder / "stabilise.json"
    ).read_text()


def test_given_cuts_hold_for_the_render_and_the_next_analysis(clip: str, tmp_path: Path) -> None:
    cuts, other, folder = tmp_path / "cuts.txt", tmp_path / "other.txt", tmp_path / "shot.analysis"
    cuts.write_text("1001 1006\n")
    other.write_text("1001 1004\n")
    recipe = "stabilise:smoothing=2,edges=fill"
    well("analyse", recipe, clip, folder, "--cuts", cuts)
    well("analyse", recipe, clip, folder)
    assert manifest(folder)["cuts"] == [1001, 1006]
    well("render", recipe, clip, tmp_path / "a" / "o.####.exr", "--analysis", folder)
    well("render", recipe, clip, tmp_path / "b" / "o.####.exr", "--analysis", folder, "--cuts", cuts)
    assert pictures(tmp_path / "a") == pictures(tmp_path / "b")
    out = tmp_path / "c" / "o.####.exr"
    assert "now they are others" in refused(
        3, "render", recipe, clip, out, "--analysis", folder, "--cuts", other
    )


def test_that_there_is_no_cut_can_be_given(clip: str, tmp_path: Path) -> None:
    """Of a range that begins within the shot, so that no shot starts in it."""
    cuts, folder = tmp_path / "cuts.txt", tmp_path / "shot.analysis"
    cuts.write_text("1001\n")
    for given in (["--cuts", cuts], []):
        well("analyse", "stabilise:smoothing=2", clip, folder, "--frames", "1004-1008", *given)
        made = manifest(folder)
        assert made["given"] and made["cuts"] == made["found"] == []


def test_a_cut_list_of_another_clip_is_told_once(
    clip: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cuts = tmp_path / "cuts.txt"
    cuts.write_text("90000\n")
    done = run("analyse", RECIPE, clip, tmp_path / "shot.analysis", "--cuts", cuts)
    assert done.exit_code == 0, done.output + done.stderr
    assert caplog.text.count("has no cut within frames 1001-1010") == 1


def test_a_cut_in_every_frame(clip: str, tmp_path: Path) -> None:
    """Each frame is a shot of its own, which does not move."""
    cuts = tmp_path / "cuts.txt"
    cuts.write_text(" ".join(map(str, FRAMES)))
    well("render", RECIPE, clip, tmp_path / "o" / "o.####.exr", "--analyse", "--cuts", cuts)
    made, plates = pictures(tmp_path / "o"), pictures(Path(clip).parent)
    assert len(made) == len(FRAMES)
    for name, picture in made.items():
        plate = plates[name.replace("o.", "p.")]
        found, expected = (np.frombuffer(p, np.float32) for p in (picture, plate))
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_cuts_may_come_through_a_pipe(clip: str, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"1001 1006\n")
    os.close(writing)
    folder = tmp_path / "shot.analysis"
    well("analyse", RECIPE, clip, folder, "--cuts", f"/dev/fd/{reading}")
    os.close(reading)
    assert manifest(folder)["cuts"] == [1001, 1006], "each node reads them"


def test_that_given_cuts_replace_those_by_hand_is_told(clip: str, own: Path, tmp_path: Path) -> None:
    made, cuts = manifest(own), tmp_path / "cuts.txt"
    made["cuts"] = [1001, 1008]
    (own / "analysis.json").write_text(json.dumps(made))
    cuts.write_text("1001 1008\n")
    assert "are replaced" not in well("analyse", RECIPE, clip, own, "--cuts", cuts)
    made = manifest(own)
    made["cuts"], made["given"] = [1001, 1007], False
    (own / "analysis.json").write_text(json.dumps(made))
    cuts.write_text("1001 1006\n")
    told = " ".join(well("analyse", RECIPE, clip, own, "--cuts", cuts).split())
    assert f"the cuts in it, 1001,1007, are replaced by those of {cuts}, 1001,1006" in told
