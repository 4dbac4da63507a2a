"""The window that sends a clip of Resolve to a farm, with stand-ins for what Resolve hands to scripts."""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[3] / "plugin" / "resolve" / "interneg_submit.py"


def item(path: str, first: int, last: int) -> Any:
    media = SimpleNamespace(GetClipProperty=lambda name: {"File Path": path}[name])
    return SimpleNamespace(
        GetMediaPoolItem=lambda: media,
        GetSourceStartFrame=lambda: first,
        GetSourceEndFrame=lambda: last,
    )


def resolve_of(shown: Any, ui: Any) -> Any:
    timeline = SimpleNamespace(GetCurrentVideoItem=lambda: shown)
    project = SimpleNamespace(GetCurrentTimeline=lambda: timeline)
    manager = SimpleNamespace(GetCurrentProject=lambda: project)
    return SimpleNamespace(GetProjectManager=lambda: manager, Fusion=lambda: SimpleNamespace(UIManager=ui))


class Window:
    """A window in which the user presses Submit at once. made: its widgets by ID."""

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}
        self.On = SimpleNamespace(send=SimpleNamespace(), InternegSubmit=SimpleNamespace())

    def __getattr__(self, kind: str) -> Callable[..., Any]:
        if kind in ("Show", "Hide", "ExitLoop"):
            return lambda: None

        def make(facts: Any) -> Any:
            if isinstance(facts, dict) and "ID" in facts:
                widget = SimpleNamespace(
                    Text=facts.get("Text", ""), CurrentIndex=2, AddItems=lambda items: None
                )
                self.made[facts["ID"]] = widget
            return facts

        return make

    def GetItems(self) -> dict[str, Any]:
        return self.made

    def AddWindow(self, facts: Any, content: Any) -> Window:
        return self

    def RunLoop(self) -> None:
        self.On.send.Clicked(None)


def test_the_clip_under_the_playhead_is_sent(
    plate: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    inside = tmp_path / "OFX" / "Interneg.ofx.bundle" / "Contents" / "Resources"
    inside.mkdir(parents=True)
    (inside / "worker.json").write_text(json.dumps({"command": [sys.executable]}))
    monkeypatch.setenv("OFX_PLUGIN_PATH", str(tmp_path / "OFX"))
    client = tmp_path / "bin" / "deadlinecommand"
    client.parent.mkdir()
    client.write_text('#!/bin/sh\ngrep -hE "Frames|ChunkSize" "$4"; grep -h Arguments "$5"\n')
    client.chmod(0o755)
    monkeypatch.setenv("PATH", f"{client.parent}:/usr/bin:/bin")
    clip = plate().replace("####", "[1001-1006]")
    window = Window()
    script = runpy.run_path(str(SCRIPT))
    script["window"](resolve_of(item(clip, 1, 3), window), SimpleNamespace(UIDispatcher=lambda ui: ui))
    said = capsys.readouterr().out
    assert "Frames=1002-1004" in said
    assert "ChunkSize=20" in said
    folder = Path(clip).parent
    assert f"{folder}/plate.%04d.exr {folder}/plate_interneg/plate.%04d.exr" in said


def test_movies_are_counted_from_one() -> None:
    script = runpy.run_path(str(SCRIPT))
    assert script["clip_of"](item("/a/b.mov", 0, 9)) == ("/a/b.mov", "1-10")
    assert script["output_of"]("/a/b.mov") == "/a/b_interneg/b.%04d.exr"
    with pytest.raises(ValueError, match="has no file"):
        script["clip_of"](item("", 0, 9))


def test_what_is_lacking_is_said(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("OFX_PLUGIN_PATH", "/nowhere")
    script = runpy.run_path(str(SCRIPT))
    script["window"](resolve_of(None, None), None)
    assert "Put the playhead over the clip" in capsys.readouterr().out
    if script["python"]() is None:
        assert "is not where Resolve looks" in script["submit"]("openjd", "deflicker", "a", "b", "1-2")
