"""The commands in the pages are right.

Blocks marked by `<!-- run -->` are run. Of all other commands, the words are checked.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio
import pytest
import typer.core
import typer.main
from my_node.steady_black import SteadyBlack
from typer.testing import CliRunner

import interneg.nodes
import interneg.plugin.cli.recipes
from bench.__main__ import LONG, parts
from interneg.plugin.cli.main import app
from interneg.recipe import Recipe
from tests.docs.pages import COMMANDS, MENTIONED, ROOT, Command, commands, in_blocks, in_sentences

FRAMES = range(1001, 1005)
NODES = {**interneg.nodes.NODES, SteadyBlack.name: SteadyBlack}
"""The nodes here, with that of the example, which the pages install."""

RUN = sorted({command.page for command in COMMANDS if command.run})
PLACEHOLDERS = {"my-node", "tests/nodes/test_my_node.py", "tests/nodes/goldens/my_node.npy"}
"""What docs/add-a-node.md has its reader write, so that there is no such node or file here."""

_SYSTEM = {"openjd", "export", ".", "python3", "mkdir", "cp", "cd", "git", "ffmpeg", "apt"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with plate.####.exr and the examples, in which commands are run."""
    rng = np.random.default_rng(1)
    picture = cv2.resize(rng.uniform(0.05, 1, (12, 16, 3)), (128, 96))
    for number in FRAMES:
        noisy = (picture + rng.normal(0, 0.02, picture.shape)).astype(np.float32)
        spec = oiio.ImageSpec(128, 96, 3, "half")
        file = oiio.ImageOutput.create("plate.exr")
        assert file
        assert file.open(str(tmp_path / f"plate.{number}.exr"), spec)
        assert file.write_image(noisy)
        assert file.close()
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(interneg.nodes, "NODES", NODES)
    monkeypatch.setattr(interneg.plugin.cli.recipes, "NODES", NODES)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("page", RUN)
def test_marked_commands_run(page: str) -> None:
    for command in (c for c in COMMANDS if c.page == page and c.run):
        done = CliRunner().invoke(app, list(command.words[1:]))
        assert done.exit_code == 0, f"{command}\n{done.output}"


def test_the_pages_for_newcomers_have_commands_that_are_run() -> None:
    assert {"README.md", "docs/add-a-node.md", "examples/my-node/README.md"} <= set(RUN)


def test_all_kinds_of_blocks_are_read() -> None:
    page = """Do `make test` first.

   <!-- run -->
   ```bash
   interneg nodes    # all
   ```

```
A=1 B="two words" make lint && make site
OPTIONS="--json --debug"
```

```text
no command
```

    interneg doctor $OPTIONS
    python -c "import this
    print(1)"
"""
    blocks = [(*c.words, c.run) for c in in_blocks(page, "")]
    assert blocks == [
        ("interneg", "nodes", True),
        ("make", "lint", False),
        ("make", "site", False),
        ("interneg", "doctor", "--json", "--debug", False),
        ("python", "-c", "import this\nprint(1)", False),
    ]
    assert [c.words for c in in_sentences(page, "")] == [("make", "test")]


@pytest.mark.parametrize(
    "wrong",
    [
        "interneg redner",
        "interneg nodes no-such-node",
        "interneg render no-such-node a.%04d.exr b.%04d.exr",
        "interneg doctor --no-such-option",
        "make no-such-target",
        "pip install ./examples/no-such-package",
        'pip install -e ".[no-such-extra]"',
        "python -m interneg.no_such_module",
        "python -m interneg.engines.training.pack out.npz --no-such-option",
        "python -m bench no-such-part",
        "python no_such_file.py",
        'python -c "1 +"',
        "pytest tests/no_such_test.py",
        "ruff chekc .",
        "no-such-program",
    ],
)
def test_a_wrong_command_is_found(wrong: str) -> None:
    (words,) = commands(wrong, {})
    with pytest.raises(Exception, match=r"no.such.\w+|redner|chekc|1 \+"):
        check(Command("page", words))


def test_the_placeholders_are_those_of_the_pages() -> None:
    shown = " ".join(word for command in COMMANDS for word in command.words)
    assert not [name for name in PLACEHOLDERS if name not in shown]


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_commands_in_blocks_are_understood(command: Command) -> None:
    check(command)


@pytest.mark.parametrize("command", MENTIONED, ids=str)
def test_commands_in_sentences_are_understood(command: Command) -> None:
    check(command)


def check(command: Command) -> None:
    """Fail where the command asks for something that there is not."""
    first, *rest = command.words
    program = Path(first).name or first
    if program == "interneg":
        _check_interneg(command, rest)
    elif program == "build_engines.py" or rest[:1] == ["build_engines.py"]:
        arguments = rest[1:] if rest[:1] == ["build_engines.py"] else rest
        one = typer.Typer()
        one.command()(build_engines())
        parser = typer.main.get_command(one)
        assert isinstance(parser, typer.core.TyperCommand)
        _parse(parser, program, arguments, command)
    elif program == "make":
        names = re.findall(r"^([a-z][a-z\d -]*):", (ROOT / "Makefile").read_text(), re.M)
        targets = {target for line in names for target in line.split()}
        assert {w for w in rest if "=" not in w and not w.isupper()} <= targets, command
    elif program == "pip":
        _check_pip(command, rest)
    elif program == "python" and rest[:1] == ["-m"]:
        _check_module(command, *rest[1:])
    elif program == "python" and rest[:1] == ["-c"]:
        compile(rest[1], str(command), "exec")
    elif program == "python":
        assert (ROOT / rest[0]).is_file(), command
    elif program == "pytest":
        _check_pytest(command, rest)
    elif program == "ruff":
        assert rest[0] in ("check", "format"), command
    else:
        assert program in _SYSTEM, f"{command}: teach this test the program {program}"


def _check_pip(command: Command, words: Sequence[str]) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    asked = re.findall(r"\[([\w,-]+)\]", " ".join(words))
    assert {e for group in asked for e in group.split(",")} <= set(extras), command
    assert all((ROOT / w).is_dir() for w in words if w.startswith("./")), command


def _check_module(command: Command, module: str, *words: str) -> None:
    """Fail where there is no such module, or its source has no such option."""
    if module == "pip":
        return _check_pip(command, words)
    if module == "pytest":
        return _check_pytest(command, words)
    if module == "bench":
        named = [w for w in words[:1] if not w.isupper() and not w.startswith("-")]
        assert set(named) <= {*parts(ROOT), *LONG}, command
        return None
    if module == "venv":
        return None
    assert module.startswith("interneg."), command
    spec = importlib.util.find_spec(module)
    if spec and spec.submodule_search_locations:
        spec = importlib.util.find_spec(f"{module}.__main__")
    assert spec and spec.origin, command
    origin = Path(spec.origin)
    files = origin.parent.glob("*.py") if origin.name == "__main__.py" else [origin]
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    for option in (w.partition("=")[0] for w in words if w.startswith("--")):
        assert f'"{option}"' in source or f"{option[2:].replace('-', '_')}:" in source, f"{command}: {option}"
    return None


def _check_pytest(command: Command, words: Sequence[str]) -> None:
    options = {word for word in words if word.startswith("-")}
    assert options <= {"-m", "-k", "--regenerate-goldens"}, command
    paths = (word for word in words if word.startswith("tests"))
    assert all((ROOT / path).exists() or path in PLACEHOLDERS for path in paths), command


def build_engines() -> Callable[..., None]:
    """The function behind build_engines.py, from the module that the script names."""
    module = re.search(r"^from (\S+) import main$", (ROOT / "build_engines.py").read_text(), re.M)
    assert module
    function: Callable[..., None] = importlib.import_module(module[1]).build_engines
    return function


def _check_interneg(command: Command, words: list[str]) -> None:
    group = typer.main.get_command(app)
    words = words[1:] if words[:1] == ["--debug"] else words
    if not words or words[0].startswith("-"):
        assert set(words) <= {option for p in group.params for option in p.opts} | {"--help"}, command
        return
    assert isinstance(group, typer.core.TyperGroup)
    sub = group.commands.get(words[0])
    assert sub is not None, f"{command}: there is no command {words[0]}"
    assert isinstance(sub, typer.core.TyperCommand)
    _parse(sub, words[0], words[1:], command)
    if words[0] == "nodes" and not command.sentence:
        assert {w for w in words[1:] if not w.startswith("-")} <= {*NODES, *PLACEHOLDERS}, command
    is_line = words[1:2] and words[1].split(":")[0] in NODES  # which may end with the name of a profile
    is_file = words[1:2] and words[1].endswith((".toml", ".nk", ".ntp")) and not is_line
    if words[0] == "render" and not command.sentence and not is_file:
        Recipe.from_line(words[1], NODES)
    if words[0] == "render" and is_file and words[1].endswith(".toml"):
        Recipe.from_file(ROOT / words[1], NODES)


def _parse(parser: typer.core.TyperCommand, name: str, words: list[str], command: Command) -> None:
    """Let the command line understand the words; of a sentence, which may hold placeholders, the options."""
    if "--help" in words:
        return
    if command.sentence:
        known = {option for p in parser.params for option in (*p.opts, *p.secondary_opts)}
        assert {w.split("=")[0] for w in words if w.startswith("-")} <= known | {"--help"}, command
        return
    parser.make_context(name, list(words))
