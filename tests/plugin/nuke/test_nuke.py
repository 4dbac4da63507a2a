"""The scripts that run inside Nuke, against a recording stand-in of its module."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import runpy
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from interneg.io import open_clip
from interneg.nodes import NODES
from interneg.plugin.ofx.nodes import FILE

SCRIPTS = Path(__file__).parents[3] / "plugin"


def _load(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


stand_in = _load(Path(__file__).with_name("stand_in.py"), "nuke_stand_in")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A folder with what of an installed bundle the scripts look at."""
    inside = tmp_path / "OFX" / "Interneg.ofx.bundle" / "Contents" / "Resources"
    (inside / "nuke").mkdir(parents=True)
    for name in ("init.py", "menu.py"):
        shutil.copy(SCRIPTS / "nuke" / name, inside / "nuke")
    shutil.copy(FILE, inside)
    (inside / "worker.json").write_text(json.dumps({"command": [sys.executable, "-I", "-m", "x"]}))
    return inside


@pytest.fixture
def menu(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Any, ModuleType]]:
    def load(**facts: Any) -> tuple[Any, ModuleType]:
        nuke = stand_in.StandIn(**facts)
        monkeypatch.setitem(sys.modules, "nuke", nuke)
        return nuke, _load(bundle / "nuke" / "menu.py", "interneg_nuke_menu")

    return load


@pytest.mark.parametrize(
    "path", ["nuke/init.py", "nuke/menu.py", "resolve/interneg_status.py", "resolve/interneg_submit.py"]
)
def test_host_scripts_need_nothing_but_an_old_python(path: str) -> None:
    tree = ast.parse((SCRIPTS / path).read_text(), feature_version=(3, 9))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {str(n.module) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {n.partition(".")[0] for n in names} <= {*sys.stdlib_module_names, "nuke"}


def test_the_toolbar_has_every_node(menu: Callable[..., tuple[Any, ModuleType]], bundle: Path) -> None:
    nuke, _ = menu()
    toolbar = nuke.main["Nodes"].menus["Interneg"]
    assert list(toolbar.commands) == [node.label for node in NODES.values()]
    for command in toolbar.commands.values():
        exec(command, {"nuke": nuke})
    assert "OFXorg.interneg.denoisesr_v1" in nuke.created
    assert len(set(nuke.created)) == len(NODES)
    assert toolbar.icons["Denoise-SR"] == str(bundle / "org.interneg.DenoiseSR.png")
    entries = ["Render on farm...", "Submit to farm...", "Engine status"]
    assert list(nuke.main["Nuke"].menus["Interneg"].commands) == entries


@pytest.mark.parametrize("before", [None, "", "/a", "/a:/b"])
def test_nuke_is_told_where_the_bundle_lies(
    bundle: Path, before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if before is None:
        monkeypatch.delenv("OFX_PLUGIN_PATH", raising=False)
    else:
        monkeypatch.setenv("OFX_PLUGIN_PATH", before)
    folder = str(bundle.parents[2])
    for _ in range(2):
        runpy.run_path(str(bundle / "nuke" / "init.py"))
        assert os.environ["OFX_PLUGIN_PATH"] == ":".join(filter(None, (before, folder)))


def test_rendering_needs_one_node_of_ours_in_a_saved_script(
    menu: Callable[..., tuple[Any, ModuleType]],
) -> None:
    nuke, loaded = menu()
    for selected, says in (
        ([], "Select one node"),
        ([stand_in.Node("Grade", "Grade1")], "Select one node"),
        ([stand_in.Node("OFXorg.interneg.denoisesr_v1", "DenoiseSR1")], "Save the script first"),
    ):
        nuke.selected = selected
        loaded.render_on_farm()
        assert nuke.messages[-1].startswith(says)
    assert not nuke.asked


SCRIPT = """Read {{
 inputs 0
 file {plate}
 name Read1
}}
OFXorg.interneg.denoisesr_v1 {{
 strength 0
 name DenoiseSR1
}}
Write {{
 file made/made.####.exr
 name Write1
}}
"""


def test_the_command_for_the_farm_renders_without_nuke(
    menu: Callable[..., tuple[Any, ModuleType]],
    plate: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OCIO", raising=False)
    script = tmp_path / "my comp.nk"
    nuke, loaded = menu(script=str(script), text=SCRIPT.format(plate=plate(range(1001, 1004))))
    nuke.selected = [stand_in.Node("OFXorg.interneg.denoisesr_v1", "DenoiseSR1")]
    loaded.render_on_farm()
    assert nuke.asked[0] == "Frames to render: 1001-1003"
    line = next(shlex.split(text) for text in nuke.asked[1].splitlines() if text.startswith("interneg "))
    assert line == [
        "interneg", "render", str(tmp_path / "my comp.DenoiseSR1.farm.nk"),
        "--node", "DenoiseSR1", "--frames", "1001-1002",
    ]  # fmt: skip
    here = [sys.executable, "-m", "interneg.plugin.cli", *line[1:]]
    done = subprocess.run(here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(open_clip(str(tmp_path / "made" / "made.####.exr")).numbers) == [1001, 1002]


def test_a_node_is_sent_to_a_farm(
    menu: Callable[..., tuple[Any, ModuleType]],
    plate: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OCIO", raising=False)
    client = tmp_path / "bin" / "deadlinecommand"
    client.parent.mkdir()
    client.write_text('#!/bin/sh\ngrep -h ChunkSize "$4"; grep -h Arguments "$5"\n')
    client.chmod(0o755)
    monkeypatch.setenv("PATH", f"{client.parent}:/usr/bin:/bin")
    script = tmp_path / "comp.nk"
    nuke, loaded = menu(script=str(script), text=SCRIPT.format(plate=plate(range(1001, 1004))))
    monkeypatch.setattr(
        loaded, "command", lambda *words: [sys.executable, "-m", "interneg.plugin.cli", *words]
    )
    nuke.selected = [stand_in.Node("OFXorg.interneg.denoisesr_v1", "DenoiseSR1")]
    nuke.chosen = None
    assert loaded.submit_to_farm() is None
    nuke.chosen = 2
    loaded.submit_to_farm().join(timeout=60)
    assert nuke.asked[-3:] == [
        "Render manager: Open Job Description (Deadline Cloud), OpenCue, Deadline 10",
        "Frames to render: 1001-1003",
        "Further options of interneg submit: --chunk 20",
    ]
    size, sent = nuke.messages[-1].splitlines()[-2:]
    assert size == "ChunkSize=2"
    assert sent.startswith(f"Arguments=render {tmp_path / 'comp.DenoiseSR1.farm.nk'} ")
    assert "--node DenoiseSR1" in sent
    nuke.options = "--name 'a"
    assert loaded.submit_to_farm() is None
    assert "are no options" in nuke.messages[-1]
    nuke.options = None
    assert loaded.submit_to_farm() is None


@pytest.mark.parametrize(
    ("config", "option"), [("/show/config.ocio", "/show/config.ocio"), ("ocio://default", "ocio://default")]
)
def test_the_command_for_the_farm_names_the_configuration_of_nuke(
    menu: Callable[..., tuple[Any, ModuleType]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    config: str,
    option: str,
) -> None:
    monkeypatch.setenv("OCIO", config)
    nuke, loaded = menu(script=str(tmp_path / "comp.nk"))
    nuke.selected = [stand_in.Node("OFXorg.interneg.denoisesr_v1", "DenoiseSR1")]
    loaded.render_on_farm()
    assert f"--frames 1001-1002 --ocio-config {option}\n" in nuke.asked[1]


def test_a_copy_that_cannot_be_written_is_said_to_be(
    menu: Callable[..., tuple[Any, ModuleType]], tmp_path: Path
) -> None:
    nuke, loaded = menu(script=str(tmp_path / "gone" / "comp.nk"))
    nuke.selected = [stand_in.Node("OFXorg.interneg.denoisesr_v1", "DenoiseSR1")]
    loaded.render_on_farm()
    assert nuke.messages[0].startswith("The copy for the farm cannot be written: can't write ")
    assert len(nuke.asked) == 1


def test_a_render_that_is_run_here_leaves_a_log(
    menu: Callable[..., tuple[Any, ModuleType]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")  # what Nuke sets would break another Python
    nuke, loaded = menu(script=str(tmp_path / "comp.nk"), text="not a script")
    nuke.selected = [stand_in.Node("OFXorg.interneg.denoisesr_v1", "DenoiseSR1")]
    nuke.answer = True
    loaded.render_on_farm()
    log = tmp_path / "comp.DenoiseSR1.farm.nk.log"
    assert str(log) in nuke.messages[0]
    end = time.monotonic() + 60
    while "malformed" not in log.read_text() and time.monotonic() < end:
        time.sleep(0.1)
    assert "malformed in line 1" in log.read_text()


def test_no_frames_is_no_render(menu: Callable[..., tuple[Any, ModuleType]], tmp_path: Path) -> None:
    nuke, loaded = menu(script=str(tmp_path / "comp.nk"))
    nuke.selected, nuke.frames = [stand_in.Node("OFXorg.interneg.denoisesr_v1", "DenoiseSR1")], None
    loaded.render_on_farm()
    assert not list(tmp_path.glob("*.farm.nk"))


def test_the_engine_status_is_what_the_command_says(
    menu: Callable[..., tuple[Any, ModuleType]], bundle: Path, tmp_path: Path
) -> None:
    nuke, loaded = menu()
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$*"\necho "OpenVINO is here" >&2\n')
    python.chmod(0o755)
    (bundle / "worker.json").write_text(json.dumps({"command": [str(python)]}))
    loaded.engine_status().join()
    assert nuke.messages == ["-I -m interneg.plugin.cli doctor\nOpenVINO is here\n"]
    python.unlink()
    loaded.engine_status().join()
    assert "interneg install nuke" in nuke.messages[1]
