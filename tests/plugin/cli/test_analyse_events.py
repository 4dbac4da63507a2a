"""What a person writes of events in the analysis.json of a shot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.plugin.cli.analysed_shots import refused, shoot, well

NUMBERS = range(1001, 1010)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    return shoot(tmp_path_factory.mktemp("clip"), 3, NUMBERS, (60, 80))


def mark(folder: Path, **events: Any) -> None:
    path = folder / "analysis.json"
    made = json.loads(path.read_text())
    path.write_text(json.dumps(made | {"events": events}))


def test_events_hold_once_the_shot_is_solved_again(clip: str, tmp_path: Path) -> None:
    folder, out = tmp_path / "a.analysis", tmp_path / "o" / "o.####.exr"
    well("analyse", "deflicker", clip, folder)
    before = json.loads((folder / "deflicker.json").read_text())["frames"]
    assert not before["1005"]["event"]
    mark(folder, deflicker={"1005": True})
    line = refused(3, "render", "deflicker", clip, out, "--analysis", folder)
    assert "events of deflicker were changed" in line and "interneg analyse" in line
    said = well("analyse", "deflicker", clip, folder)
    assert "analysed" not in said, "solving alone is asked for"
    frames = json.loads((folder / "deflicker.json").read_text())["frames"]
    assert [n for n in frames if frames[n]["event"]] == ["1005"]
    exposure = {n: frames[n]["correction"]["exposure"] for n in frames}
    assert exposure["1005"] == pytest.approx(np.mean([exposure["1004"], exposure["1006"]]), abs=1e-5)
    well("render", "deflicker", clip, out, "--analysis", folder)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ({"deflicke": {"1005": True}}, ["did you mean 'deflicker'"]),
        ({"stabilise": {"1005": True}}, ["nodes that tell events: deflicker"]),
        ({"deflicker": {"99": True}}, ["frames 99"]),
        ({"deflicker": {"1005": "perhaps"}}, ['"1016": true, not "1005": "perhaps"']),
    ],
)
def test_events_of_nothing_are_one_error(
    clip: str, tmp_path: Path, events: dict[str, Any], words: list[str]
) -> None:
    folder = tmp_path / "a.analysis"
    well("analyse", "stabilise | deflicker", clip, folder, "--frames", "1004-1006")
    mark(folder, **events)
    line = refused(3, "analyse", "stabilise | deflicker", clip, folder, "--frames", "1004-1006")
    assert all(word in line for word in words), line
    out = tmp_path / "o" / "o.####.exr"
    render = "render", "stabilise | deflicker", clip, out, "--frames", "1004-1006", "--analysis", folder
    refused(3, *render)
    assert not out.parent.exists()


def test_an_event_in_the_file_of_exposures_is_sent_where_it_belongs(clip: str, tmp_path: Path) -> None:
    folder = tmp_path / "a.analysis"
    well("analyse", "deflicker", clip, folder)
    assert list(json.loads((folder / "analysis.json").read_text()))[4:6] == ["cuts", "events"]
    path = folder / "deflicker.json"
    data = json.loads(path.read_text())
    data["frames"]["1005"]["event"] = True
    path.write_text(json.dumps(data))
    out = tmp_path / "o" / "o.####.exr"
    for command in (
        ("analyse", "deflicker", clip, folder),
        ("render", "deflicker", clip, out, "--analysis", folder),
    ):
        line = refused(3, *command)
        assert 'frame 1005: "event" says what was found' in line
        assert '"events": {"deflicker": {"1005": true}}' in line and "analysis.json" in line
    assert not out.parent.exists()
