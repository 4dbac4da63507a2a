"""What `interneg submit` was asked for, as an order for the farm."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from interneg.colour import Colour
from interneg.engines.models import find, load_catalogue
from interneg.engines.runtimes import RUNTIMES
from interneg.errors import UsageError, near
from interneg.io import Clip, open_clip
from interneg.node import Node
from interneg.nodes import NODES
from interneg.plugin.analysis.follow import beside
from interneg.plugin.analysis.steps import steps
from interneg.plugin.batch.gaps import Missing
from interneg.plugin.batch.job import Job, frames_of
from interneg.plugin.batch.planned import foresee
from interneg.plugin.cli.recipes import changed, render_of
from interneg.plugin.facts.own_names import require_known
from interneg.plugin.farm.job import FarmJob, FarmPath, Needs, Piece
from interneg.plugin.farm.needs import memory_of
from interneg.plugin.farm.plan import FarmOrder, clip_path, job_of
from interneg.plugin.machine.sizes import bytes_asked
from interneg.plugin.models.shelf import files_of, is_imported
from interneg.plugin.scripts.find import config_of, is_script
from interneg.recipe import Recipe

ON_GPU = ("tensorrt", "tensorrt-rtx")
AS_HOSTS_CAN = ("openvino",)
"""Runtimes whose precisions are those of the host's processor."""

PRECISIONS = ("fp32", "bf16", "fp16", "int8")

MOST_IN_A_NAME = 128
"""Characters of a job's name: what Open Job Description takes; other managers make files of it."""


@dataclass(frozen=True)
class SubmitRequest:
    """The command line. The words are those of the options."""

    recipe: str
    node: str | None
    input: str | None
    output: str | None
    frames: str | None
    chunk: int
    settings: tuple[str, ...]
    input_space: str | None
    output_space: str | None
    ocio: str | None
    depth: str | None
    missing: Missing
    mask: str | None
    matte: str | None
    reference: str | None
    cuts: Path | None
    analyse: bool
    review: bool
    fleet: Path | None
    runtime: str
    precision: str
    cores: int
    memory: float | None
    gpu_memory: float | None
    name: str | None
    program: str
    dest: Path | None


def farm_job(request: SubmitRequest) -> tuple[FarmJob, Path, Mapping[str, bytes]]:
    """The job, the folder of its files, and those of them that its commands read.

    Raises InternegError for what a render would refuse before its first frame, so far as the input tells.
    """
    _check(request)
    inputs = {"mask": request.mask, "matte": request.matte, "reference": request.reference}
    given = {name: clip for name, clip in inputs.items() if clip is not None}
    ocio = request.ocio or (config_of(request.recipe) if is_script(request.recipe) else None)
    found = render_of(
        request.recipe, request.node, (request.input, request.output),
        (request.input_space, request.output_space), given, Colour(ocio),
    )  # fmt: skip
    recipe = changed(found.recipe, request.settings, inputs=given)
    asked = changed(
        recipe, (), input_space=request.input_space, output_space=request.output_space, depth=request.depth
    )
    cuts = None if request.cuts is None else str(request.cuts)
    job = Job(asked, found.input, found.output, request.frames or found.frames, request.missing, cuts)
    foresee(job, Colour(ocio))
    if request.analyse and is_script(request.recipe):
        raise UsageError("--analyse takes a recipe, not a script; leave it out, or save the recipe as TOML")
    if request.analyse and given:
        raise UsageError(f"--analyse takes the {next(iter(given))} from the recipe file: write it there")
    solved = [step.name for step in steps(recipe.nodes, NODES)] if request.analyse else []
    with closing(open_clip(found.input)) as clip:
        output = clip_path("Output", found.output, writes=True)
        folder = _folder(request, recipe, output)
        text, files = _recipe(request, recipe, folder)
        order = FarmOrder(
            request.name or f"interneg {_name_of(Path(found.input))}"[:MOST_IN_A_NAME],
            text,
            recipe.nodes,
            clip_path("Input", found.input),
            output,
            frames_of(job, clip),
            request.chunk,
            request.runtime,
            request.precision,
            _needs(request, recipe.nodes, clip),
            _files(request, recipe),
            _shared(request),
            _options(request),
            _given({"--input-space": recipe.input_space, "--output-space": recipe.output_space}),
            _folder_of("Analysis", beside(found.output)) if request.analyse else None,
            solved,
            _folder_of("Review", beside(found.output).with_suffix(".review")) if request.review else None,
            None if request.fleet is None else _file("Fleet", request.fleet),
            _ocio(ocio),
            request.program,
            _builder(request.program),
            *_models(recipe.nodes),
        )
        return job_of(order, clip), folder, files


def _name_of(clip: Path) -> str:
    """The name by which people know a clip: its folder's where its own has nothing but a number."""
    named = re.sub(r"%0?\d*d|#", "", clip.stem).strip("._-")
    return clip.name if named else clip.absolute().parent.name or clip.name


def _check(request: SubmitRequest) -> None:
    """Refuse what would let two machines of the farm differ, or an option that does nothing."""
    for option, value, known in (
        ("runtime", request.runtime, tuple(RUNTIMES)),
        ("precision", request.precision, PRECISIONS),
    ):
        if value == "auto":
            raise UsageError(
                f"--{option} auto lets each machine choose, and chunks of one shot would differ; name one of "
                f"{', '.join(known)}"
            )
        if value not in known:
            raise UsageError(f"there is no {option} '{value}'{near(value, known)}; known: {', '.join(known)}")
    if request.runtime not in AS_HOSTS_CAN:
        for precision, lacking in RUNTIMES[request.runtime].precisions().items():
            if precision == request.precision and lacking:
                raise UsageError(f"--precision {precision}: {lacking}")
    if request.name is not None and not 1 <= len(request.name.strip()) <= MOST_IN_A_NAME:
        raise UsageError(
            f"--name: a job's name has 1 to {MOST_IN_A_NAME} characters, not {len(request.name.strip())}"
        )
    if request.runtime not in ON_GPU:
        if request.fleet is not None:
            raise UsageError(f"--engines builds for GPUs, and --runtime {request.runtime} uses none")
        if request.gpu_memory is not None:
            raise UsageError(f"--gpu-memory: --runtime {request.runtime} uses no GPU; leave it out")


def _needs(request: SubmitRequest, nodes: tuple[Node, ...], clip: Clip) -> Needs:
    memory = bytes_asked("--memory", request.memory)
    if memory is None:
        box = clip.read(clip.numbers[0]).display_window
        memory = memory_of(nodes, box.width, box.height)
    gpu = bytes_asked("--gpu-memory", request.gpu_memory)
    return Needs(request.cores, memory, int(request.runtime in ON_GPU), gpu)


def _recipe(request: SubmitRequest, recipe: Recipe, folder: Path) -> tuple[Piece, dict[str, bytes]]:
    """The recipe as commands take it; a file is copied, so that who edits it later changes no chunk.

    One that names clips is left where it is: they lie beside it.
    """
    path = Path(request.recipe)
    if is_script(request.recipe) or (path.is_file() and recipe.inputs):
        return _file("Recipe", path), {}
    if path.suffix.casefold() == ".toml" and path.is_file():
        copy = FarmPath("Recipe", folder / "recipe.toml", is_file=True)
        return copy, {"recipe.toml": path.read_bytes()}
    return request.recipe, {}


def _files(request: SubmitRequest, recipe: Recipe) -> dict[str, FarmPath]:
    files = {f"--{name}": clip_path(name.title(), clip) for name, clip in recipe.inputs.items()}
    if request.cuts is not None:
        files["--cuts"] = _file("Cuts", request.cuts)
    return files


def _shared(request: SubmitRequest) -> list[str]:
    words: list[str] = []
    for setting in request.settings:
        words += ["--set", setting]
    if request.node is not None:
        words += ["--node", request.node]
    if request.input_space is not None:
        words += ["--input-space", request.input_space]
    if request.missing != "error":
        words += ["--missing", request.missing]
    return words


def _options(request: SubmitRequest) -> list[str]:
    return _given({"--output-space": request.output_space, "--depth": request.depth})


def _models(nodes: tuple[Node, ...]) -> tuple[FarmPath | None, tuple[Path, ...]]:
    """The folder of the models of the user's own that nodes take, and their files; None where they take none.

    Raises KnobError for one that there is not, UsageError where they lie in several folders.
    """
    known = load_catalogue()
    require_known(nodes, known.choices)
    for name in (m for n in nodes for m in n.models if m in known.unusable):
        find(known, name)
    taken = {m: known[m] for n in nodes for m in n.models if m in known and is_imported(known[m])}
    files = tuple(path for model in taken.values() for path in files_of(model))
    folders = sorted({path.parent for path in files})
    if len(folders) > 1:
        raise UsageError(
            f"the models {', '.join(taken)} lie in {' and '.join(map(str, folders))}: put them into one, "
            "which hosts get as $INTERNEG_MODELS"
        )
    return (FarmPath("Models", folders[0].absolute()) if folders else None), files


def _given(options: Mapping[str, str | None]) -> list[str]:
    return [word for option, value in options.items() if value is not None for word in (option, value)]


def _ocio(given: str | None) -> Piece | None:
    config = given or os.environ.get("OCIO")
    if not config:
        return None
    return config if "://" in config else _file("OcioConfig", Path(config))


def _file(name: str, path: Path) -> FarmPath:
    return FarmPath(name, path.absolute(), is_file=True)


def _folder(request: SubmitRequest, recipe: Recipe, output: FarmPath) -> Path:
    if request.dest is not None:
        return request.dest.absolute()
    asked = f"{request.recipe}\n{recipe.identity}\n{request.frames}\n{request.chunk}"
    mark = hashlib.blake2b(asked.encode(), digest_size=4).hexdigest()
    stem = re.sub(r"\W+", "_", Path(output.tail or output.path.name).stem.split("%")[0]).strip("_")
    return output.path / ".interneg" / "farm" / f"{stem}-{mark}"


def _folder_of(name: str, path: Path) -> FarmPath:
    return FarmPath(name, path.absolute(), writes=True)


def _builder(program: str) -> str:
    """build_engines.py, which lies beside interneg."""
    return str(Path(program).with_name("build_engines.py")) if "/" in program else "build_engines.py"
