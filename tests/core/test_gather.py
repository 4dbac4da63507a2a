"""Nodes of other people's packages, as `pip install` leaves them, and what goes wrong with them."""

from __future__ import annotations

import importlib
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interneg.engines.models import load_catalogue
from interneg.errors import EngineError, UsageError
from interneg.gather import Gathered, InFiles, gather
from interneg.nodes import OWN
from interneg.packages import model_folders, stated

NODE = """
from dataclasses import dataclass
from interneg.colour import WorkingSpace
from interneg.knobs import Button, knob
from interneg.node import Node

@dataclass(frozen=True, kw_only=True)
class {kind}(Node):
    name = "{name}"
    label = "A node"
    help = "Does nothing."
    version = 1
    working_space = WorkingSpace.LINEAR_RGB
    layers = "Changes R, G, B or Y; alpha and AOVs pass through."
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put a package `name` with one module and one entry point where Python looks."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(package: str, node: str, code: str, kind: str = "Mine") -> None:
        module = package.replace("-", "_")
        (tmp_path / module).mkdir()
        (tmp_path / module / "__init__.py").touch()
        (tmp_path / module / "file.py").write_text(code)
        facts = tmp_path / f"{module}-1.0.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (facts / "entry_points.txt").write_text(f"[interneg.nodes]\n{node} = {module}.file:{kind}\n")

    yield put
    for name in [n for n in sys.modules if n.partition(".")[0] in ("one", "two", "two_of_it")]:
        del sys.modules[name]


def gathered() -> Gathered:
    return gather(OWN, (s for s in stated() if s.module.startswith(("one", "two"))))


def test_the_files_of_a_package_are_its_nodes() -> None:
    assert InFiles(sys.modules["interneg.nodes"]) == OWN
    assert {"deflicker", "denoise-sr", "stabilise"} <= set(OWN)
    assert all(kind.name == name for name, kind in OWN.items())


@pytest.mark.parametrize("name", ["other", "stabilise"])
def test_a_file_of_another_node_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "__init__.py").touch()
    second = NODE.format(kind="More", name="my-node") if name == "stabilise" else ""
    (tmp_path / "one" / "my_node.py").write_text(NODE.format(kind="Mine", name=name) + second)
    found = InFiles(importlib.import_module("one"))
    assert list(found) == ["my-node"]
    try:
        with pytest.raises(ValueError, match=rf"my_node\.py holds the nodes: .*{name}.*one, 'my-node'"):
            found["my-node"]
    finally:
        for module in ("one", "one.my_node"):
            sys.modules.pop(module, None)


def test_a_node_is_loaded_where_it_is_asked_for() -> None:
    """A render of one node starts without what the others need."""
    code = (
        "import sys; from interneg.recipe import Recipe; from interneg.nodes import NODES;"
        "Recipe.from_line('deflicker', NODES); print(*sorted(m for m in sys.modules if '.nodes.' in m))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["interneg.nodes.deflicker"]


def test_an_installed_package_adds_its_node(install: Install) -> None:
    install("one", "mine", NODE.format(kind="Mine", name="mine"))
    found = gathered()
    assert list(found.nodes) == [*OWN, "mine"]
    assert found.nodes["mine"].label == "A node"
    assert not found.failures


def test_two_packages_with_one_node_are_both_named(install: Install) -> None:
    install("one", "mine", NODE.format(kind="Mine", name="mine"))
    install("two-of-it", "mine", NODE.format(kind="Mine", name="mine"))
    with pytest.raises(UsageError, match="'two-of-it' adds a node 'mine', and so does the package 'one'"):
        gathered()


def test_a_node_of_ours_cannot_be_replaced(install: Install) -> None:
    install("one", "deflicker", NODE.format(kind="Mine", name="deflicker"))
    with pytest.raises(UsageError, match="'one' adds a node 'deflicker', and so does Interneg itself"):
        gathered()


def test_hosts_know_nodes_by_their_class_so_that_is_there_once(install: Install) -> None:
    install("one", "mine", NODE.format(kind="DENOISESR", name="mine"), "DENOISESR")
    with pytest.raises(UsageError, match="'one' adds a node class 'DENOISESR', and so does Interneg itself"):
        gathered()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import no_such_module", "it cannot be imported (ModuleNotFoundError, No module named 'no_such"),
        ("raise SystemError('a fault')", "it cannot be imported (SystemError, a fault)"),
        ("Mine = 3", "what is stated, 3, is no subclass of interneg.node.Node"),
        (NODE.format(kind="Mine", name="other"), "it is stated as 'mine', but its name is 'other'"),
        (NODE.format(kind="Mine", name="mine").replace("help =", "text ="), "does not state its help"),
        (
            NODE.format(kind="Mine", name="mine").replace("@dataclass(frozen=True, kw_only=True)", "")
            + "    much: float = knob(1.0, 'float', 'Much', 'How much.')\n",
            "Mine is no dataclass",
        ),
        (NODE.format(kind="Mine", name="mine") + "    much: float = 1.0\n", "its field 'much' is no knob"),
        (
            NODE.format(kind="Mine", name="mine")
            + "    much: float = knob(9.0, 'float', 'Much', 'How much.', hard=(0, 1))\n",
            "its defaults do not fit: knob 'mine.much' is a number from 0 to 1",
        ),
        (
            NODE.format(kind="Mine", name="mine") + "    buttons = (Button('b', 'B', 'H', 'size', ''),)\n",
            "a button sets the knob 'size', which Mine does not have",
        ),
    ],
)
def test_a_broken_package_is_told_of_and_the_others_are_there(
    install: Install, code: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    install("one", "mine", code)
    install("two", "yours", NODE.format(kind="Yours", name="yours"), "Yours")
    with caplog.at_level(logging.WARNING, "interneg"):
        found = gathered()
    assert list(found.nodes) == [*OWN, "yours"]
    assert says in found.failures["mine"]
    assert found.failures["mine"].endswith("mend, update or uninstall the package 'one'")
    (record,) = caplog.records
    assert record.getMessage() == f"node 'mine' is left out: {found.failures['mine']}"


def test_the_command_line_tells_of_a_broken_package_and_works(install: Install, tmp_path: Path) -> None:
    install("one", "mine", "import no_such_module")
    path = f"import sys; sys.path.insert(0, {str(tmp_path)!r})"
    run = f"{path}\nfrom interneg.plugin.cli.main import main; main()"
    made = subprocess.run([sys.executable, "-c", run, "nodes"], capture_output=True, text=True, check=True)
    assert "denoise-sr" in made.stdout
    assert "node 'mine' is left out" in made.stderr


def test_models_lie_beside_the_node(install: Install, tmp_path: Path) -> None:
    before = model_folders()
    install("one", "mine", "raise RuntimeError('this is not imported for its models')")
    assert model_folders() == before
    (tmp_path / "one" / "models").mkdir()
    assert set(model_folders()) == {*before, tmp_path / "one" / "models"}
    (tmp_path / "one" / "models" / "broken.toml").write_text("name = 3")
    with pytest.raises(EngineError, match=r"one/models/broken\.toml is no catalogue entry"):
        load_catalogue()
