"""Analysing a shot again: only what changed is measured, and what a person edited is kept."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interneg.errors import OutputError
from interneg.publish import replacing
from tests.plugin.cli.analysed_shots import RECIPE, manifest, pictures, refused, run, shoot, well


def test_nothing_is_measured_twice(clip: str, own: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in (own / "measured").rglob("*.*")}
    told = well("analyse", RECIPE, clip, own)
    assert "analysed" not in told
    assert {p: p.stat().st_mtime_ns for p in (own / "measured").rglob("*.*")} == before


def test_a_frame_that_changed_is_measured_again_with_those_that_see_it(tmp_path: Path) -> None:
    clip, folder = shoot(tmp_path / "in", 1), tmp_path / "shot.analysis"
    recipe = "stabilise:smoothing=2"
    well("analyse", recipe, clip, folder)
    before = {p.name: p.read_bytes() for p in (folder / "measured" / "stabilise").iterdir()}
    shoot(tmp_path / "in", 1, range(1001, 1002))  # the first as it is
    other = shoot(tmp_path / "other", 5, range(1010, 1011))
    (tmp_path / "in" / "p.1010.exr").write_bytes(Path(other.replace("####", "1010")).read_bytes())
    line = refused(3, "render", recipe, clip, tmp_path / "o" / "o.####.exr", "--analysis", folder)
    assert "frame 1010" in line and "changed since" in line and "interneg analyse" in line
    well("analyse", recipe, clip, folder)
    after = {p.name: p.read_bytes() for p in (folder / "measured" / "stabilise").iterdir()}
    again = {name for name in before if before[name] != after[name]}
    assert "1010.msgpack" in again and "1001.msgpack" not in again
    well("render", recipe, clip, tmp_path / "o" / "o.####.exr", "--analysis", folder)


def test_a_damaged_record_is_measured_again(clip: str, own: Path) -> None:
    record = own / "measured" / "stabilise" / "1004.msgpack"
    whole = record.read_bytes()
    for damaged in (b"", whole[:-9], whole[: len(whole) // 2] + bytes(len(whole) // 2)):
        record.write_bytes(damaged)
        well("analyse", RECIPE, clip, own)
        assert record.read_bytes() == whole


def test_edits_are_kept_and_followed(clip: str, own: Path, tmp_path: Path) -> None:
    path = own / "stabilise.json"
    data = json.loads(path.read_text())
    data["frames"]["1004"]["correction"] = {"dx": 5, "dy": 0, "rotation": 0, "scale": 1}
    path.write_text(json.dumps(data))
    assert "changed by hand and stays" in well("analyse", RECIPE, clip, own)
    assert json.loads(path.read_text()) == data
    (own / "analysis.json").unlink()
    assert "changed by hand and stays" in well("analyse", RECIPE, clip, own), (
        "as a damaged one is to be removed"
    )
    assert json.loads(path.read_text()) == data
    one = "--set", "stabilise.weave=1"
    well("render", RECIPE, clip, tmp_path / "o" / "o.####.exr", "--analysis", own, "--frames", "1004")
    well("render", "stabilise:smoothing=2", clip, tmp_path / "x" / "o.####.exr", *one, "--analyse")
    assert (tmp_path / "x" / "o.analysis" / "stabilise.json").is_file()


def test_an_edit_counts_for_what_the_nodes_behind_it_measured(clip: str, tmp_path: Path) -> None:
    recipe, folder = "stabilise:smoothing=2 | deflicker:window=2", tmp_path / "shot.analysis"

    def measured() -> dict[str, bytes]:
        return {p.name: p.read_bytes() for p in (folder / "measured" / "deflicker").iterdir()}

    def rendered(name: str) -> tuple[str, dict[str, bytes]]:
        told = well("render", recipe, clip, tmp_path / name / "o.####.exr", "--analysis", folder)
        return told, pictures(tmp_path / name)

    well("analyse", recipe, clip, folder)
    before, path = measured(), folder / "stabilise.json"
    data = json.loads(path.read_text())
    data["frames"]["1002"]["note"] = "as it should be"
    path.write_text(json.dumps(data))
    assert "analyse again" not in rendered("noted")[0], "a note changes no picture"
    data["frames"]["1002"]["correction"]["dx"] += 9
    path.write_text(json.dumps(data))
    assert (
        "deflicker is as it was solved before the file of stabilise was changed: analyse again"
        in (rendered("edited")[0])
    )
    chunk = "--measure", "--node", "deflicker", "--frames", "1001-1006"
    well("analyse", recipe, clip, folder, *chunk)
    well("analyse", recipe, clip, folder)
    after = measured()
    again = {name for name in before if before[name] != after[name]}
    assert again == {f"{n}.msgpack" for n in range(1001, 1008)}, "the frames on which 1002 bears"
    told, whole = rendered("again")
    assert "analyse again" not in told
    shutil.rmtree(folder / "measured" / "deflicker")
    well("analyse", recipe, clip, folder)
    assert measured() == after and rendered("anew")[1] == whole, "one analysis, one picture"


def test_changes_on_frames_that_are_gone_are_kept_beside(tmp_path: Path) -> None:
    clip, folder = shoot(tmp_path / "in", 1), tmp_path / "shot.analysis"
    well("analyse", "stabilise:smoothing=2", clip, folder)
    path = folder / "stabilise.json"
    data = json.loads(path.read_text())
    data["frames"]["1010"] |= {"use": False, "note": "splice"}
    path.write_text(json.dumps(data))
    (tmp_path / "in" / "p.1010.exr").unlink()
    told = " ".join(well("analyse", "stabilise:smoothing=2", clip, folder).split())
    copy = folder / "stabilise.before.json"
    assert "left out of frames 1010" in told and f"is kept as {copy}" in told
    assert json.loads(copy.read_text()) == data
    later = json.loads(path.read_text())
    later["frames"]["1009"]["use"] = False
    path.write_text(json.dumps(later))
    (tmp_path / "in" / "p.1009.exr").unlink()
    well("analyse", "stabilise:smoothing=2", clip, folder)
    assert json.loads(copy.read_text()) == data, "the first is not replaced by a second"
    assert json.loads((folder / "stabilise.before-2.json").read_text()) == later


def test_a_clip_that_is_numbered_otherwise_is_another(clip: str, own: Path, tmp_path: Path) -> None:
    (tmp_path / "later").mkdir()
    for number in range(1001, 1011):
        shutil.copy(Path(clip).parent / f"p.{number}.exr", tmp_path / "later" / f"p.{number + 2}.exr")
    later, out = tmp_path / "later" / "p.####.exr", tmp_path / "o" / "o.####.exr"
    line = refused(3, "render", RECIPE, later, out, "--analysis", own)
    assert "numbered otherwise" in line and "another folder" in line


@pytest.mark.parametrize(("node", "number"), [("stabilise", "dx"), ("deflicker", "exposure")])
def test_edits_are_carried_over_where_the_shot_changed(tmp_path: Path, node: str, number: str) -> None:
    clip, folder, other = shoot(tmp_path / "in", 1), tmp_path / "shot.analysis", tmp_path / "new.analysis"
    well("analyse", node, clip, folder)
    path = folder / f"{node}.json"
    data = json.loads(path.read_text())
    data["frames"]["1004"]["correction"][number] += 0.5
    data["frames"]["1006"] |= {"use": False, "note": "held for the title"}
    path.write_text(json.dumps(data))
    shoot(tmp_path / "in", 9)
    told = " ".join(well("analyse", node, clip, folder).split())
    assert "changes by hand" in told and "kept of frames 1004,1006" in told
    well("analyse", node, clip, other)
    made, new = (json.loads((f / path.name).read_text())["frames"] for f in (folder, other))
    assert {n for n in new if made[n] != new[n]} == {"1004", "1006"}
    lifted = made["1004"]["correction"].pop(number) - new["1004"]["correction"].pop(number)
    assert lifted == pytest.approx(0.5, abs=1e-5) and made["1004"] == new["1004"]
    assert made["1006"] == new["1006"] | {"use": False, "note": "held for the title"}
    well("render", node, clip, tmp_path / "o" / "o.####.exr", "--analysis", folder)
    # And once more: it is still known what the person changed, and what was found.
    shoot(tmp_path / "in", 4)
    assert "kept of frames 1004,1006" in " ".join(well("analyse", node, clip, folder).split())
    assert "stays as it is" in " ".join(well("analyse", node, clip, folder).split())


@pytest.mark.parametrize("last", ["stabilise.json", "analysis.json"])
def test_changes_are_never_carried_over_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    """Where an analysis ends before its last files, the next one leaves them as they are, and says so."""
    clip, folder, node = shoot(tmp_path / "in", 1), tmp_path / "shot.analysis", "stabilise:smoothing=2"
    well("analyse", node, clip, folder)
    path = folder / "stabilise.json"
    data = json.loads(path.read_text())
    data["frames"]["1004"]["correction"]["dx"] += 0.5
    path.write_text(json.dumps(data))
    shoot(tmp_path / "in", 9)

    def stopped(target: Path) -> Any:
        if target == folder / last:
            raise OutputError("stopped")
        return replacing(target)

    with monkeypatch.context() as patched:
        for module in ("written", "manifest"):
            patched.setattr(f"interneg.plugin.analysis.{module}.replacing", stopped)
        refused(6, "analyse", node, clip, folder)
    left = path.read_text()
    assert (json.loads(left) == data) is (last == "stabilise.json")
    assert "was changed by hand" in refused(6, "analyse", node, clip, folder)
    assert path.read_text() == left


def test_edits_for_another_size_are_not_lost(tmp_path: Path) -> None:
    clip, folder = shoot(tmp_path / "in", 1), tmp_path / "shot.analysis"
    well("analyse", "stabilise:smoothing=2", clip, folder)
    path = folder / "stabilise.json"
    path.write_text(path.read_text().replace('"scale": 1.0', '"scale": 1.01', 1))
    edited = path.read_text()
    shoot(tmp_path / "in", 9, size=(96, 128))
    line = refused(6, "analyse", "stabilise:smoothing=2", clip, folder)
    assert "stabilise.json was changed by hand" in line and "--discard-changes" in line
    assert path.read_text() == edited
    well("analyse", "stabilise:smoothing=2", clip, folder, "--discard-changes")
    assert path.read_text() != edited


def test_a_range_adds_to_what_is_solved_and_takes_nothing_away(tmp_path: Path) -> None:
    clip, folder, recipe = shoot(tmp_path / "in", 1), tmp_path / "shot.analysis", "stabilise:smoothing=2"
    well("analyse", recipe, clip, folder, "--frames", "1001-1004")
    well("analyse", recipe, clip, folder, "--frames", "1007-1010")
    well("analyse", recipe, clip, tmp_path / "whole.analysis")
    whole = (tmp_path / "whole.analysis" / "stabilise.json").read_text()
    assert (folder / "stabilise.json").read_text() == whole
    assert "analysed" not in well("analyse", recipe, clip, folder, "--frames", "1002-1003")
    assert (folder / "stabilise.json").read_text() == whole


def test_a_folder_of_another_clip_is_refused(clip: str, own: Path, tmp_path: Path) -> None:
    other, before = shoot(tmp_path / "other", 9), (own / "stabilise.json").read_bytes()
    line = refused(6, "analyse", RECIPE, other, own)
    assert "another clip" in line and clip in line and "another folder" in line
    assert (own / "stabilise.json").read_bytes() == before


def test_that_a_clip_has_moved_is_told(clip: str, own: Path, tmp_path: Path) -> None:
    moved = str(shutil.copytree(Path(clip).parent, tmp_path / "moved") / Path(clip).name)
    told = " ".join(well("analyse", RECIPE, moved, own).split())
    assert f"was made of {clip}, and is now of {moved}" in told and "frame 1001 analysed" not in told


def test_a_plot_is_replaced_and_changes_by_hand_stay(clip: str, own: Path, tmp_path: Path) -> None:
    path, plot = own / "stabilise.json", tmp_path / "curves.png"
    data = json.loads(path.read_text())
    data["frames"]["1004"] |= {"use": False}
    path.write_text(json.dumps(data))
    well("analyse", RECIPE, clip, own, "--plot", plot)
    plot.write_bytes(b"old")
    assert "--overwrite" in refused(6, "analyse", RECIPE, clip, own, "--plot", plot)
    well("analyse", RECIPE, clip, own, "--plot", plot, "--overwrite")
    assert plot.read_bytes() != b"old" and json.loads(path.read_text()) == data
    well("analyse", RECIPE, clip, own, "--discard-changes")
    assert json.loads(path.read_text()) != data
    assert "goes with a folder" in refused(
        2, "analyse", RECIPE, clip, tmp_path / "x.json", "--discard-changes"
    )


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda text: text[: len(text) // 2], "is not JSON"),
        (
            lambda text: text.replace('"size": [160, 120]', '"size": [80, 60]'),
            "was made for pictures of 80x60",
        ),
        (lambda text: text.replace('"1004": {', '"2004": {'), '"frames" has 2004, expected 1001-1010'),
        (lambda text: "".join(k for k in text.splitlines(True) if '"1004"' not in k), "has no frame 1004"),
        (lambda text: text.replace('"1004": {', '"1005": {'), 'it has "1005" twice: put both into one'),
        (
            lambda text: text.replace('"correction": {', '"correction": {"zoom": 2, '),
            '"correction" has zoom, expected dx, dy, rotation, scale',
        ),
        (
            lambda text: text.replace('"1004": {', '"1004": {"Use": false, '),
            "'Use' is no name that counts; did you mean 'use'?",
        ),
        (lambda text: text.replace('"correction"', '"corection"'), "did you mean 'correction'?"),
        (
            lambda text: text.replace('"correction": {"dx": ', '"correction": {"dx": "x", "was": '),
            "expected a correction of four numbers",
        ),
    ],
)
def test_a_file_that_was_changed_into_none_is_refused_with_a_way_out(
    clip: str, own: Path, tmp_path: Path, damage: Callable[[str], str], words: str
) -> None:
    path = own / "stabilise.json"
    whole = path.read_text()
    path.write_text(damage(whole))
    told = run("analyse", RECIPE, clip, own)
    line = told.stderr.strip().splitlines()[-1]
    assert told.exit_code == 3 and "stays as it is" not in told.output
    assert words in line and "Mend what was changed by hand" in line and "--discard-changes" in line
    made = tmp_path / "o"
    line = refused(3, "render", RECIPE, clip, made / "o.####.exr", "--analysis", own)
    assert words in line and not list(made.glob("*.exr"))
    well("analyse", RECIPE, clip, own, "--discard-changes")
    assert path.read_text() == whole


def test_what_a_lost_manifest_leaves_is_taken_up(clip: str, own: Path) -> None:
    before = manifest(own)
    (own / "analysis.json").unlink()
    assert "analysed" not in well("analyse", RECIPE, clip, own)
    assert manifest(own) == before


def test_an_edited_path_is_the_one_that_nuke_gets(clip: str, own: Path, tmp_path: Path) -> None:
    path = own / "stabilise.json"
    data = json.loads(path.read_text())
    data["frames"]["1004"]["correction"] = {"dx": 9, "dy": 0, "rotation": 0, "scale": 1}
    path.write_text(json.dumps(data))
    well("analyse", RECIPE, clip, own, "--nuke", tmp_path / "a.nk")
    assert "x1004 9" in (tmp_path / "a.nk").read_text()


def test_what_a_killed_analysis_measured_is_gone_on_with(clip: str, own: Path, tmp_path: Path) -> None:
    """Killed at any moment, it leaves whole records, and the next one comes out as if nothing had been."""
    folder, command = tmp_path / "shot.analysis", [sys.executable, "-m", "interneg.plugin.cli"]
    records = folder / "measured" / "stabilise"
    for count in (1, 4, 9):
        process = subprocess.Popen(
            [*command, "analyse", RECIPE, clip, str(folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ends = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < ends:
            if records.is_dir() and sum(p.suffix == ".msgpack" for p in records.iterdir()) >= count:
                process.kill()
            time.sleep(0.002)
        process.wait()
    before = {p: p.stat().st_mtime_ns for p in records.glob("*.msgpack")}
    assert before
    told = well("analyse", RECIPE, clip, folder)
    assert "up to date" in told
    assert {p: p.stat().st_mtime_ns for p in before} == before
    for name in ("stabilise.json", "stabilise-2.json", "analysis.json"):
        assert (folder / name).read_bytes() == (own / name).read_bytes()
