from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from interneg.colour import Colour
from interneg.errors import OutputError
from interneg.nodes import NODES
from interneg.plugin.cli.main import app
from interneg.plugin.ofx.build import build
from interneg.plugin.ofx.nodes import text

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not any(map(shutil.which, ("cc", "gcc", "clang"))),
    reason="needs Linux and a C compiler",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def quick(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile once for all tests."""
    monkeypatch.setattr(
        "interneg.plugin.install.bundle.build", lambda folder: shutil.copytree(built, folder / built.name)
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_DATA_HOME", "OFX_PLUGIN_PATH", "CC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def install(*arguments: object, code: int = 0) -> Result:
    made = CliRunner().invoke(app, ["install", *map(str, arguments)])
    assert made.exit_code == code, made.output
    assert "Traceback" not in made.output
    return made


def files(folder: Path) -> dict[str, str]:
    """What lies in a folder: the hash of each file, and each folder."""
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "folder"
        for p in folder.rglob("*")
    }


def own(home: Path) -> Path:
    return home / ".local/share/interneg/OFX"


def test_nuke_is_given_the_bundle_and_one_line(home: Path) -> None:
    (home / ".nuke").mkdir()
    (home / ".nuke" / "init.py").write_text("mine = 1\n")
    made = install("nuke")
    inside = own(home) / "Interneg.ofx.bundle/Contents/Resources"
    binary = own(home) / "Interneg.ofx.bundle/Contents/Linux-x86-64/Interneg.ofx"
    if os.uname().machine == "x86_64":
        assert binary.read_bytes().startswith(b"\x7fELF")
    assert (inside / "nodes.json").read_text(encoding="utf-8") == text(NODES.values())
    assert json.loads((inside / "worker.json").read_text())["command"][0] == sys.executable
    offered = json.loads((inside / "spaces.json").read_text())
    assert offered == {"config": os.environ.get("OCIO", ""), "spaces": list(Colour().spaces)}
    assert (inside / "nuke" / "menu.py").is_file()
    lines = (home / ".nuke" / "init.py").read_text().splitlines()
    assert lines[0] == "mine = 1"
    assert f"nuke.pluginAddPath('{inside / 'nuke'}')" in lines[1]
    for told in (str(own(home)), str(home / ".nuke" / "init.py"), "start Nuke anew"):
        assert told in made.stdout


@pytest.mark.usefixtures("quick")
def test_uninstalling_leaves_what_was_there_before(home: Path) -> None:
    (home / ".nuke").mkdir()
    (home / ".nuke" / "init.py").write_text("mine = 1")
    own(home).mkdir(parents=True)
    (home / ".local/share/DaVinciResolve/Fusion/Scripts/Utility").mkdir(parents=True)
    before = files(home)
    for host in ("nuke", "resolve"):
        install(host)
    said = install("resolve").stdout
    assert "Interneg status.py" in said and "Interneg submit.py" in said
    assert "kept" in install("nuke", "--uninstall").stdout
    assert (own(home) / "Interneg.ofx.bundle").is_dir()
    assert "removed" in install("resolve", "--uninstall").stdout
    assert files(home) == before
    assert "nothing was installed for Nuke" in install("nuke", "--uninstall").stdout


@pytest.mark.usefixtures("quick")
def test_what_was_made_is_removed_again(home: Path) -> None:
    for host in ("nuke", "resolve"):
        install(host)
    assert (home / ".nuke" / "init.py").is_file()
    install("nuke", "--uninstall")
    assert not (home / ".nuke").exists()
    (home / ".nuke").mkdir()  # by the user, now
    (home / ".local/share/DaVinciResolve/mine").touch()
    install("resolve", "--uninstall")
    resolve = ".local/share/DaVinciResolve"
    assert set(files(home)) == {".nuke", ".local", ".local/share", resolve, f"{resolve}/mine"}


@pytest.mark.usefixtures("quick")
def test_what_is_to_be_set_survives_a_shell(home: Path, tmp_path: Path) -> None:
    odd = tmp_path / 'the "show"; $HOME'
    line = next(t for t in install("fusion", "--dest", odd).stdout.splitlines() if "export" in t)
    command = line.removeprefix("to do: ").partition(" where ")[0]
    done = subprocess.run(
        ["sh", "-c", f'{command}; printf %s "$OFX_PLUGIN_PATH"'], capture_output=True, text=True, check=True
    )
    assert done.stdout == str(odd)


@pytest.mark.usefixtures("quick")
def test_whose_colour_spaces_are_offered_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCIO", raising=False)
    assert f"colour spaces of {Colour().name}, as $OCIO is not set" in install("natron").stdout
    monkeypatch.setenv("OCIO", "ocio://cg-config-v1.0.0_aces-v1.3_ocio-v2.1")
    output = install("natron").stdout
    assert "spaces of cg-config-v1.0.0_aces-v1.3_ocio-v2.1, which is $OCIO, ocio://cg-config-v1.0.0" in output


def test_only_the_icons_of_the_nodes_are_installed(built: Path) -> None:
    icons = {path.name for path in (built / "Contents/Resources").glob("*.png")}
    assert icons == {node["icon"] for node in json.loads(text(NODES.values()))["nodes"]}


@pytest.mark.usefixtures("quick")
def test_installing_twice_is_installing_once(home: Path) -> None:
    install("nuke")
    once = files(home)
    install("nuke")
    assert files(home) == once


@pytest.mark.usefixtures("quick")
def test_a_folder_of_choice_is_all_that_is_touched(home: Path, tmp_path: Path) -> None:
    made = install("nuke", "--dest", tmp_path / "shared")
    assert files(home) == {}
    assert [p.name for p in (tmp_path / "shared").iterdir()] == ["Interneg.ofx.bundle"]
    assert f"export OFX_PLUGIN_PATH={tmp_path / 'shared'} where" in made.stdout
    assert "NUKE_PATH" in made.stdout
    install("natron", "--dest", tmp_path / "shared")
    install("nuke", "--dest", tmp_path / "shared", "--uninstall")
    install("natron", "--dest", tmp_path / "shared", "--uninstall")
    assert not (tmp_path / "shared").exists()


@pytest.mark.usefixtures("quick")
def test_a_path_that_is_set_is_not_asked_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFX_PLUGIN_PATH", "/other")
    assert f'export OFX_PLUGIN_PATH="$OFX_PLUGIN_PATH":{own(home)} where' in install("fusion").stdout
    monkeypatch.setenv("OFX_PLUGIN_PATH", f"/other:{own(home)}")
    assert "OFX_PLUGIN_PATH" not in install("fusion").stdout


@pytest.mark.usefixtures("quick")
def test_a_bundle_of_someone_else_s_is_kept(home: Path) -> None:
    there = own(home) / "Interneg.ofx.bundle"
    there.mkdir(parents=True)
    for options in ([], ["--uninstall"]):
        assert "not put there by interneg install" in install("natron", *options, code=6).stderr
    assert list(there.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nuk"], 2, "did you mean 'nuke'?"),
        (["nuke", "--system", "--dest", "x"], 2, "two places"),
        (["nuke", "--dest", "{file}/x"], 6, "--dest"),
    ],
)
def test_what_cannot_be_is_said(home: Path, arguments: list[str], code: int, says: str) -> None:
    (home / "file").write_text("")
    made = install(*(a.format(file=home / "file") for a in arguments), code=code)
    assert says in made.stderr


def test_no_compiler_leaves_nothing_behind(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    assert "no-such-compiler" in install("nuke", code=2).stderr
    assert [p for p in home.rglob("*") if p.is_file()] == []
    assert not (home / ".nuke").exists()


@pytest.mark.usefixtures("quick")
def test_a_failed_build_keeps_what_is_installed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install("natron")
    before = files(home)

    def fail(*_: object) -> Path:
        raise OutputError("no")

    monkeypatch.setattr("interneg.plugin.install.bundle.build", fail)
    install("natron", code=6)
    assert files(home) == before


def test_a_broken_configuration_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCIO", "/nowhere.ocio")
    assert "$OCIO" in install("natron", code=2).stderr
    assert files(home) == {}
