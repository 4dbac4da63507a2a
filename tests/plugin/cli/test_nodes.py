from __future__ import annotations

import json
import re
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import interneg
from interneg.knobs import knobs_of
from interneg.nodes import NODES
from interneg.plugin.cli.main import app
from interneg.plugin.facts.nodes import animatable, facts_of, limits, summary, value

run = CliRunner().invoke

HEAVY = ("cv2", "av", "openvino", "OpenImageIO", "PyOpenColorIO", "torch")


def test_the_list_names_every_node() -> None:
    made = run(app, ["nodes"])
    assert made.exit_code == 0
    for name in NODES:
        assert name in made.stdout


@pytest.mark.parametrize("node", NODES.values(), ids=NODES)
def test_a_page_shows_every_knob_with_its_help(node: type[interneg.node.Node]) -> None:
    made = run(app, ["nodes", node.name], env={"COLUMNS": "600"})
    assert made.exit_code == 0
    for knob in facts_of(node)["knobs"]:
        shown = (
            knob["name"],
            knob["kind"],
            value(knob["default"]),
            limits(knob),
            animatable(knob),
            knob["help"],
        )
        row = r"\s+".join(re.escape(cell) for cell in shown if cell)
        assert re.search(row, made.stdout), f"no row of {knob['name']} as docs/nodes.md has it"


def test_json_is_the_whole_truth_for_tools() -> None:
    listed = json.loads(run(app, ["nodes", "--json"]).stdout)
    assert [n["name"] for n in listed] == list(NODES)
    denoise = next(n for n in listed if n["name"] == "denoise-sr")
    assert json.loads(run(app, ["nodes", "denoise-sr", "--json"]).stdout) == denoise
    assert denoise["window"] == {"before": 0, "after": 0}
    assert denoise["farthest"] == {"before": 2, "after": 2}
    assert {"denoise-sr-lite-x1", "denoise-sr-lite-x4"} <= set(denoise["models"])
    knobs = {k["name"]: k for k in denoise["knobs"]}
    assert list(knobs) == list(knobs_of(NODES["denoise-sr"]))
    assert knobs["noise"]["default"] == "auto"
    assert knobs["scale"]["choices"] == ["1", "2", "4"]


def test_a_page_says_how_the_node_works(temporal_mean: type[interneg.node.Node]) -> None:
    made = " ".join(run(app, ["nodes", "denoise-sr"], env={"COLUMNS": "600"}).stdout.split())
    node = NODES["denoise-sr"]
    assert f"{node.layers} Computes in log-encoded luma and colour differences. Looks at one frame" in made
    assert "Looks at one frame at a time by default, at up to 2 frames before and 2" in made
    sentence = summary(facts_of(temporal_mean))
    assert "Looks at 3 frames before and 3 after its own by default, at up to 8 frames before" in sentence


def test_an_unknown_node_is_named_with_the_near_one() -> None:
    made = run(app, ["nodes", "denoise"])
    assert made.exit_code == 2
    assert "did you mean 'denoise-sr'?" in made.stderr


@pytest.mark.parametrize(
    "arguments", [["nodes"], ["nodes", "denoise-sr"], ["--version"], ["render", "--help"]]
)
def test_asking_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from interneg.plugin.cli.main import app\n"
        f"try: app({arguments!r})\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.splitlines()[-1] == "[]"


def test_the_version_and_running_as_a_module() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "interneg.plugin.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert made.stdout == f"interneg {interneg.__version__}\n"


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="needs Unix pipes")
@pytest.mark.parametrize(
    "arguments", ["nodes", "nodes denoise-sr", "nodes --json", "render --help", "--version"]
)
def test_a_reader_that_goes_away_ends_the_command_quietly(arguments: str) -> None:
    script = f"('{sys.executable}' -m interneg.plugin.cli {arguments}; echo code $? >&2) | exec 0<&-"
    made = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert made.stderr in (f"code {128 + signal.SIGPIPE}\n", "code 0\n")


def test_a_folder_of_models_that_is_not_there_is_told_below_the_page() -> None:
    made = run(app, ["nodes", "denoise-sr"], env={"INTERNEG_MODELS": "/nowhere", "COLUMNS": "200"})
    assert made.exit_code == 0
    assert "Models of your own: the model folder /nowhere" in made.stdout
    assert "Models of your own" not in run(app, ["nodes", "deflicker"]).stdout
