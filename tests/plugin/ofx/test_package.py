"""The example of a package with a node, installed into an environment of its own, wherever it is seen."""

from __future__ import annotations

import json
import shutil
import site
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.engines.source import Engines
from interneg.frame import Frame
from interneg.graph import Graph
from interneg.io.image_reader import read_image
from interneg.memo import Memo
from interneg.node import Context
from interneg.plugin.worker.client import Client
from interneg.plugin.worker.protocol import Kind
from tests.plugin.ofx.environment import setting
from tests.plugin.ofx.expected import expected
from tests.plugin.ofx.host import Host
from tests.plugin.ofx.ofx_images import Picture
from tests.plugin.ofx.ofx_objects import Plate
from tests.plugin.ofx.plates import clip

EXAMPLE = Path(__file__).parents[3] / "examples" / "my-node"
sys.path.append(str(EXAMPLE))

from my_node.steady_black import SteadyBlack  # noqa: E402 - from the folder above

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the plugin is built on Linux")


def call(*command: object) -> str:
    made = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    return made.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, as installing builds within it."""
    return Path(shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("source") / "my-node"))


@pytest.fixture(scope="module")
def python(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment that has the example, and all that is installed here."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    made = folder / "bin" / "python"
    packages = Path(call(made, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    here = [p for p in site.getsitepackages() if Path(p).is_dir()]
    (packages / "here.pth").write_text("".join(f"import site; site.addsitedir({p!r})\n" for p in here))
    call(
        sys.executable, "-m", "pip", "--python", made, "install", "--quiet", "--no-index", "--no-deps",
        "--no-build-isolation", "--disable-pip-version-check", source,
    )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def installed(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle that `interneg install` makes there."""
    if not any(map(shutil.which, ("cc", "gcc", "clang"))):
        pytest.skip("no C compiler is found")
    folder = tmp_path_factory.mktemp("plugins")
    call(python, "-m", "interneg.plugin.cli", "install", "natron", "--dest", folder)
    return folder / "Interneg.ofx.bundle"


@pytest.mark.slow
def test_its_own_tests_pass(python: Path, source: Path) -> None:
    call(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", source)


@pytest.mark.slow
def test_the_command_line_knows_it_and_batch_renders_it(
    python: Path, plate: Callable[..., str], tmp_path: Path
) -> None:
    listed = json.loads(call(python, "-m", "interneg.plugin.cli", "nodes", "--json"))
    assert "steady-black" in [n["name"] for n in listed]
    pattern = plate(range(1001, 1007), colour_space="ACEScg", depth=("float",) * 3)
    made = tmp_path / "out" / "plate.####.exr"
    call(
        python, "-m", "interneg.plugin.cli", "render", "steady-black:window=2", pattern, made,
        "--input-space", "ACEScg", "--output-space", "ACEScg",
    )  # fmt: skip

    class Files:
        numbers = range(1001, 1007)

        def frame(self, number: int) -> Frame:
            frame = read_image(Path(pattern.replace("####", str(number))), number)
            return replace(frame, colour_space="ACEScg")

    graph = Graph([SteadyBlack(window=2)], Files(), Context(Colour(), Engines(), Memo(64)))
    for number in Files.numbers:
        shown = read_image(Path(str(made).replace("####", str(number))), number)
        np.testing.assert_array_equal(shown.pixels, graph.render(number).pixels)


def test_hosts_are_told_of_it(installed: Path) -> None:
    resources = installed / "Contents" / "Resources"
    nodes = {n["name"]: n for n in json.loads((resources / "nodes.json").read_text())["nodes"]}
    assert {"deflicker", "denoise-sr", "stabilise", "steady-black"} <= set(nodes)
    assert nodes["steady-black"]["identifier"] == "org.interneg.SteadyBlack"
    assert "telecine" in (resources / "org.interneg.SteadyBlack.md").read_text()
    assert (resources / nodes["steady-black"]["icon"]).is_file()


@pytest.mark.hosted
def test_a_host_renders_it(installed: Path, python: Path, tmp_path: Path) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    shot: Plate = clip()
    pictures = {t: shot.at(t) or shot.picture for t in range(1001, 1013)}
    lifted = {t: Picture(p.pixels + np.float32(0.01 * (t % 3)), 0, 0) for t, p in pictures.items()}
    source = Plate.of(lifted)
    worker = f"{python} -I -m interneg.plugin.worker"
    with setting(INTERNEG_WORKER_DIR=str(runtime), INTERNEG_WORKER=worker), Host(installed) as host:
        instance = host.create("org.interneg.SteadyBlack", source)
        instance.set("window", 2)
        shown = instance.render(1005)
        connected = Client.connect("test", runtime / "worker.sock")
        assert connected is not None
        with connected as client:
            client.ask(Kind.STOP, {})
    np.testing.assert_array_equal(shown.pixels, expected(SteadyBlack(window=2), 1005, source).pixels)
    assert np.abs(shown.pixels - lifted[1005].pixels).max() > 1e-3
