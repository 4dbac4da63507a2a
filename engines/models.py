"""The model catalogue: what a model is, read from one TOML per model, and its verified weights."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

import interneg.engines.catalogue as catalogue
from interneg.engines.manifest import Figures
from interneg.errors import EngineError, OutputError, near
from interneg.home import data_folder, expanded
from interneg.packages import model_folders

Precision = Literal["fp32", "bf16", "fp16", "int8"]
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16", "fp16", "int8")

VARIABLE = "INTERNEG_MODELS"

PICTURE = "picture"
"""What the output of a model is called that makes a whole picture."""

CORRECTION = "correction"
"""What the output of a model is called that is added to its input, as those of Denoise-SR are."""

Count = Annotated[int, Meta(ge=1)]
Word = Annotated[str, Meta(min_length=1)]


class CatalogueTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the TOML: immutable, and an unknown key is refused."""


PERCEPTUAL = "perceptual"
"""The family of models that are trained to please the eye; the other is "fidelity"."""

Kind = Literal["picture", "difference", "map", "encoded"]


class Planes(CatalogueTable, frozen=True):
    """One input or output. channels: what each plane holds, in order. range: the nominal one, in words.

    golden: of an input, what the golden input of a qualification drives each plane with ("encoded": a picture
    that keeps to 0..1); none for Y, Cb, Cr and maps, as the Denoise-SR models have.
    """

    name: Word
    dtype: Literal["float32"]
    layout: Literal["NCHW"]
    channels: Annotated[tuple[Word, ...], Meta(min_length=1)]
    range: str = ""
    golden: tuple[Kind, ...] = ()

    def __post_init__(self) -> None:
        if self.golden and len(self.golden) != len(self.channels):
            raise ValueError("[input] names a golden plane for each channel, or for none")


class Weights(CatalogueTable, frozen=True):
    """One ONNX file and its hash. file: a bare name in the TOML, a full path once loaded."""

    file: Word
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Training(CatalogueTable, frozen=True):
    """How the weights can be made again."""

    command: str
    data: tuple[str, ...]
    steps: int
    seed: int


class ImportedFile(CatalogueTable, frozen=True):
    """The file that a model was imported from, or whose weights it was trained on from.

    sha256: of the file. made_by: what read it.
    """

    file: Word
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    made_by: Word
    url: str = ""


class Model(CatalogueTable, frozen=True):
    """A catalogue entry.

    input: planes (N, C, H, W) float32; output: (N, C', H * scale, W * scale) float32, of the task
    "denoise-sr" a correction that the caller adds to its (enlarged) input in fp32, else what its channels
    say: of an output "picture" R, G, B or Y, encoded in 0..1.
    scale: output pixels per input pixel. window: frames looked at on each side of the middle one.
    multiple: H and W have to be multiples of it. halo: input pixels on each side that a pixel depends on.
    weights: by precision; "fp32" is always there. "fp16" is the same graph typed in fp16, "int8" that with
    explicit Q/DQ; both take and give float32.
    quality: measured figures, by the name of the measure.
    limits: the worst figures of a qualification by precision, where they are not qualify.LIMITS.
    size: the only height and width that the graph takes, None where it takes any multiples.
    everywhere: the operators by which each output pixel depends on the whole picture.
    training: of a model trained here. origin: of one that a user imported or trained. reference: what the
    file that was imported makes of the golden input, as .npy, which engines then qualify against.
    """

    name: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]*$")]
    version: Count
    task: Word
    family: Word
    variant: Word
    description: Word
    licence: Word
    scale: Count
    window: Annotated[int, Meta(ge=0)]
    multiple: Count
    halo: Annotated[int, Meta(ge=0)]
    parameters: Count
    input: Planes
    output: Planes
    weights: dict[Precision, Weights]
    training: Training | None = None
    quality: dict[str, float] = {}
    limits: dict[Precision, Figures] = {}
    size: tuple[Count, Count] | None = None
    everywhere: tuple[Word, ...] = ()
    origin: ImportedFile | None = None
    reference: Weights | None = None

    def __post_init__(self) -> None:
        if "fp32" not in self.weights:
            raise ValueError("[weights.fp32] is missing: every model has fp32 weights")

    @property
    def corrects(self) -> bool:
        """Whether its output is added to a picture, so that what it is off by is seen there."""
        return self.output.name == CORRECTION

    @property
    def draws(self) -> bool:
        """Whether its output is a whole picture, not something to add to one."""
        return self.output.name == PICTURE

    @property
    def is_choice(self) -> bool:
        """Whether Denoise-SR takes it by its name: it makes a picture, or a user trained it."""
        return self.draws or (self.corrects and self.origin is not None)

    def file(self, precision: Precision) -> Weights:
        """The weights that a precision runs from: its own, or else the fp32 ones."""
        return self.weights.get(precision, self.weights["fp32"])

    def read(self, precision: Precision) -> bytes:
        """The ONNX file of a precision. Raises EngineError where its hash is not the catalogue's."""
        return self.read_file(self.file(precision))

    def read_file(self, weights: Weights) -> bytes:
        """A file of the entry. Raises EngineError where its hash is not the catalogue's."""
        try:
            data = Path(weights.file).read_bytes()
        except OSError as error:
            raise EngineError(f"the weights of {self.name} cannot be read: {error}") from error
        found = hashlib.sha256(data).hexdigest()
        if found != weights.sha256:
            raise EngineError(
                f"{weights.file} is not the file that the catalogue entry {self.name} was made for: "
                f"its SHA-256 is {found}, not {weights.sha256}. Restore the file, or reinstall"
            )
        return data


class Catalogue(Mapping[str, Model]):
    """Models by name.

    unusable: why names stand for none: two entries have them, or their entry can't be read. `find` tells it.
    """

    def __init__(self, models: Mapping[str, Model], unusable: Mapping[str, str]) -> None:
        self._models = MappingProxyType({n: m for n, m in models.items() if n not in unusable})
        self.unusable = MappingProxyType(dict(unusable))

    def __getitem__(self, name: str) -> Model:
        return self._models[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)

    @property
    def choices(self) -> tuple[str, ...]:
        """The names that Denoise-SR's knob `model` takes beside its own, and those that can't be used."""
        return (*(m.name for m in self.values() if m.is_choice), *self.unusable)


def load_catalogue(folders: Iterable[str | Path] = ()) -> Catalogue:
    """Read every `*.toml` of the built-in catalogue and of further folders; the models by name.

    Further folders are those that installed packages bring along with their nodes (interneg.packages), those
    in the path list $INTERNEG_MODELS, for all commands, the user's own (`own_folder`), and those given.
    A name that two entries have stands for neither, and an entry of the user's own or the facility's that
    can't be read for none, so that all other models go on: see `Catalogue.unusable`. Raises EngineError,
    naming the file and the reason, for a folder that does not exist and, in the other folders, for an entry
    that does not keep to the schema, and weights that are not there.
    """
    found: dict[str, Model] = {}
    origin: dict[str, Path] = {}
    unusable: dict[str, str] = {}
    listed, own = listed_folders(), own_folder()
    seen: set[Path] = set()
    given = map(expanded, folders)
    kept = (own,) if own is not None and own.is_dir() else ()
    for folder in (Path(catalogue.__file__).parent, *model_folders(), *listed, *kept, *given):
        if not folder.is_dir():
            where = f", which ${VARIABLE} names," if folder in listed else ""
            raise EngineError(f"the model folder {folder}{where} does not exist: make it, or name another")
        if folder.resolve() in seen:
            continue
        seen.add(folder.resolve())
        for path in sorted(folder.glob("*.toml")):
            try:
                model = read_entry(path)
            except EngineError as error:
                if folder not in (*listed, *kept):
                    raise
                unusable[path.stem] = (
                    f"{error}; put it right, or remove {path.name} and import the model anew"
                )
                continue
            if model.name in found:
                unusable[model.name] = (
                    f"{path} declares the model '{model.name}', which {origin[model.name]} already declares: "
                    "neither is used; remove or rename one of them"
                )
            found[model.name], origin[model.name] = model, path
    return Catalogue(found, unusable)


def listed_folders() -> list[Path]:
    """The folders that $INTERNEG_MODELS names."""
    return [expanded(p) for p in os.environ.get(VARIABLE, "").split(os.pathsep) if p]


def own_folder() -> Path | None:
    """The user's own folder of models, there or not; None where the user has no home."""
    try:
        return data_folder() / "models"
    except OutputError:
        return None


def find(models: Mapping[str, Model], name: str) -> Model:
    """The model of a name. Raises EngineError where there is none, with near matches, or two of that name."""
    if isinstance(models, Catalogue) and name in models.unusable:
        raise EngineError(models.unusable[name])
    if name not in models:
        known = near(name, models) or f" (the catalogue holds {', '.join(models) or 'no model'})"
        raise EngineError(
            f"there is no model '{name}'{known}; folders of models of your own are named in ${VARIABLE}"
        )
    return models[name]


def read_entry(path: Path) -> Model:
    """The model of one TOML, with the full paths of its files.

    Raises EngineError, naming the file and the reason, where it does not keep to the schema or lacks a file.
    """
    try:
        model = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Model)
    except (OSError, ValueError) as error:
        raise EngineError(f"{path} is no catalogue entry: {error}") from error
    weights: dict[Precision, Weights] = {}
    for precision, entry in model.weights.items():
        file = path.parent / entry.file
        if file.name != entry.file or not file.is_file():
            raise EngineError(f"{path}: [weights.{precision}] names '{entry.file}', no file beside it")
        weights[precision] = msgspec.structs.replace(entry, file=str(file))
    reference = model.reference
    if reference is not None:
        file = path.parent / reference.file
        if file.name != reference.file or not file.is_file():
            raise EngineError(f"{path}: [reference] names '{reference.file}', no file beside it")
        reference = msgspec.structs.replace(reference, file=str(file))
    return msgspec.structs.replace(model, weights=weights, reference=reference)
