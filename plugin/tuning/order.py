"""What a user asks of a training, checked before anything is read."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from interneg.engines.importing.wishes import Wishes, name_of
from interneg.engines.models import Model, find
from interneg.errors import EngineError, UsageError

OURS = ("lite", "standard")


@dataclass(frozen=True)
class TrainingOrder:
    """clean, damaged: clips, as INPUT of `interneg render`; damaged may be empty. like: a clip that has the
    damage. blur (pixels), noise (code values), qp (of H.264): said of the damage; None is as measured.
    start: a model to begin from. scale: of the model where damage is made.
    """

    clean: tuple[str, ...]
    damaged: tuple[str, ...]
    name: str
    folder: Path
    like: str | None = None
    blur: float | None = None
    noise: float | None = None
    qp: float | None = None
    start: str = "lite"
    scale: int = 1
    minutes: float = 60.0
    space: str | None = None
    licence: str = ""
    seed: int = 0
    overwrite: bool = False
    restart: bool = False

    def check(self) -> None:
        """Raise UsageError where options contradict each other, or say too little."""
        said = [v for v in (self.blur, self.noise, self.qp) if v is not None]
        if self.damaged and (self.like is not None or said or self.scale != 1):
            raise UsageError(
                "--damaged shows what the damage is: leave out --like, --blur, --noise, --qp and --scale, "
                "which are for clean plates alone"
            )
        if not self.damaged and self.like is None and not said and self.scale == 1:
            raise UsageError(
                "what is the damage? Name the same plates damaged (--damaged), or plates that have the "
                "damage (--like), or say what it is (--noise, --blur, --qp, --scale)"
            )
        if not self.damaged and self.like is None and self.scale == 1 and not any(said):
            raise UsageError(
                "damage of 0 is none, and teaches a model nothing: give --noise, --blur or --qp more than 0"
            )
        if not 0 < self.minutes < math.inf:
            raise UsageError(f"a training of {self.minutes:g} minutes is none: give --minutes or --hours")
        name_of(Wishes(name=self.name), self.name)

    def begins_from(self, models: Mapping[str, Model], scale: int) -> Model:
        """The model to begin from.

        Raises UsageError for one of another scale, EngineError where there is none.
        """
        model = find(models, f"denoise-sr-{self.start}-x{scale}" if self.start in OURS else self.start)
        if model.scale != scale:
            raise UsageError(
                f"the model {model.name} enlarges {model.scale}x, and these plates ask for {scale}x: begin "
                "from another with --start"
            )
        return model

    @property
    def state(self) -> Path:
        """Where a training that is not finished is kept."""
        return self.folder / "training" / f"{self.name}.pt"

    @property
    def mark(self) -> str:
        """What tells this training from others of its name; the time that it has is no part of it."""
        said = [self.clean, self.damaged, self.like, self.blur, self.noise, self.qp, self.start, self.scale,
                self.space, self.seed]  # fmt: skip
        return hashlib.blake2b(json.dumps(said).encode(), digest_size=16).hexdigest()

    @property
    def command(self) -> str:
        """The command, without folders."""

        def last(path: str) -> str:
            return path.rstrip("/\\").replace("\\", "/").rpartition("/")[2]

        words = [w for p in self.clean for w in ("--clean", last(p))]
        words += [w for p in self.damaged for w in ("--damaged", last(p))]
        words += ["--like", last(self.like)] if self.like else []
        for option, value in (("--blur", self.blur), ("--noise", self.noise), ("--qp", self.qp)):
            words += [option, f"{value:g}"] if value is not None else []
        words += ["--scale", f"{self.scale}"] if self.scale > 1 else []
        return " ".join(["interneg train", *words, "--start", self.start, "--minutes", f"{self.minutes:g}"])


def require_packages() -> None:
    """Raise EngineError, saying what to install, where what training needs is missing."""
    import importlib.util

    missing = [p for p in ("torch", "onnx", "onnxruntime") if importlib.util.find_spec(p) is None]
    if missing:
        raise EngineError(
            f"training needs {', '.join(missing)}: pip install 'interneg[train]' (for the CPU build of torch "
            "first pip install torch==2.13.0)"
        )
