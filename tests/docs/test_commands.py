"""The commands in the pages are right.

Blocks marked by `<!-- run -->` are run. Of all other commands, the words are checked.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import OpenImageIO as oiio
import pytest
import typer.core
import typer.main
from typer.testing import CliRunner

from interneg.nodes import NODES
from interneg.plugin.cli.main import app
from interneg.recipe import Recipe

ROOT = Path(__file__).parents[2]
PAGES = [
    path
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if path.is_file() and path.parent.name != "decisions"
]
FRAMES = range(1001, 1005)

_BLOCK = re.compile(r"(?P<run><!-- run -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
_INLINE = re.compile(r"`((?:interneg|python build_engines\.py) [^`]+)`")
_SYSTEM = {"export", ".", "python3", "mkdir", "cp", "cd", "git", "pytest", "ffmpeg", "apt"}


class Command(NamedTuple):
    """A command of a page; run: whether its block is marked. sentence: it may hold placeholders."""

    page: str
    words: tuple[str, ...]
    run: bool = False
    sentence: bool = False

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join(self.words)}"


def in_blocks(page: Path) -> Iterator[Command]:
    """The commands in a page's bash and sh blocks, one in each line."""
    for block in _BLOCK.finditer(page.read_text()):
        if block["kind"] in ("bash", "sh"):
            for line in block["text"].replace("\\\n", " ").splitlines():
                if words := split(line):
                    yield Command(str(page.relative_to(ROOT)), words, run=bool(block["run"]))


def in_sentences(page: Path) -> Iterator[Command]:
    """The commands of Interneg between backticks in a page's sentences."""
    for found in _INLINE.finditer(_BLOCK.sub("", page.read_text())):
        yield Command(str(page.relative_to(ROOT)), split(found[1].replace("\n", " ")), sentence=True)


def split(line: str) -> tuple[str, ...]:
    """A line as the shell splits it, without comment and without variables that are set for it alone."""
    words = shlex.split(re.sub(r"(^|\s)#\s.*", "", line))
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    return tuple(words)


COMMANDS = [command for page in PAGES for command in in_blocks(page)]
MENTIONED = [command for page in PAGES for command in in_sentences(page)]
RUN = sorted({command.page for command in COMMANDS if command.run})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with plate.####.exr and the examples, in which commands are run."""
    rng = np.random.default_rng(1)
    picture = rng.uniform(0.05, 1, (48, 64, 3))
    for number in FRAMES:
        noisy = (picture + rng.normal(0, 0.02, picture.shape)).astype(np.float32)
        spec = oiio.ImageSpec(64, 48, 3, "half")
        file = oiio.ImageOutput.create("plate.exr")
        assert file
        assert file.open(str(tmp_path / f"plate.{number}.exr"), spec)
        assert file.write_image(noisy)
        assert file.close()
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("page", RUN)
def test_marked_commands_run(page: str) -> None:
    for command in (c for c in COMMANDS if c.page == page and c.run):
        done = CliRunner().invoke(app, list(command.words[1:]))
        assert done.exit_code == 0, f"{command}\n{done.output}"


def test_the_readme_has_commands_that_are_run() -> None:
    assert "README.md" in RUN


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_commands_in_blocks_are_understood(command: Command) -> None:
    check(command)


@pytest.mark.parametrize("command", sorted(set(MENTIONED)), ids=str)
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
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
        assert set(w for w in rest if "=" not in w) <= set(targets), command
    elif program == "pip" or rest[:2] == ["-m", "pip"]:
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        asked = re.findall(r"\[([\w,-]+)\]", " ".join(rest))
        assert {e for group in asked for e in group.split(",")} <= set(extras), command
    elif program == "python" and rest[:1] == ["-m"]:
        assert rest[1].startswith("interneg.") or rest[1] in ("bench", "pytest", "venv"), command
        assert importlib.util.find_spec(rest[1]) or rest[1] == "bench", command
    elif program == "python":
        assert (ROOT / rest[0]).is_file(), command
    else:
        assert program in _SYSTEM, f"{command}: teach this test the program {program}"


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
    if words[0] == "render" and not command.sentence and not words[1].endswith((".toml", ".nk", ".ntp")):
        Recipe.from_line(words[1], NODES)
    if words[0] == "render" and words[1:2] and words[1].endswith(".toml"):
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
