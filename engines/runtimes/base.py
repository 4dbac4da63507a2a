"""A runtime: what each has to say about itself, and how it loads a model."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import ClassVar, NamedTuple

from interneg.engines.models import Model, Precision
from interneg.engines.network import Network
from interneg.engines.store import Store
from interneg.errors import EngineError
from interneg.processor import processor_name


class PrecisionChoice(NamedTuple):
    """A precision and why it was taken."""

    precision: Precision
    reason: str


class Runtime(ABC):
    """Something that runs ONNX models on this machine. Stateless; asking it costs no heavy import."""

    name: ClassVar[str]
    packages: ClassVar[tuple[str, ...]]
    """The modules it needs; the first one's version is the runtime's."""
    extra: ClassVar[str]
    """What to install for it."""

    def require(self) -> None:
        """Raise EngineError where it cannot be used here. Imports nothing."""
        missing = [p for p in self.packages if importlib.util.find_spec(p) is None]
        if missing:
            raise EngineError(f"{' and '.join(missing)} not installed: pip install '{self.extra}'")

    def unavailable(self) -> str | None:
        """Why it cannot be used here, in words, or None."""
        try:
            self.require()
        except EngineError as error:
            return str(error)
        return None

    def version(self) -> str:
        """The version of the installed runtime."""
        try:
            return version(self.packages[0])
        except PackageNotFoundError:
            return "unknown"

    def device(self) -> str:
        """What it runs on, for the log and the qualification records."""
        return processor_name()

    @abstractmethod
    def precisions(self) -> Mapping[Precision, str]:
        """For every precision why it cannot run here, or an empty string where it can."""

    def choose(self, model: Model) -> PrecisionChoice:
        """The precision that wins here for a model, and why, as far as it is known without measuring."""
        return PrecisionChoice("fp32", f"{self.name} runs models in fp32")

    def candidates(self, model: Model) -> tuple[Precision, ...]:
        """The precisions of which the fastest should be measured, the most exact, fp32, first.

        Empty where there is nothing to measure, and `choose` decides.
        """
        return ()

    def load(self, model: Model, precision: Precision, threads: int | None, store: Store) -> Network:
        """Load a model's weights, verified. threads: CPU threads to use, None for all. store: of engines.

        Raises EngineError where the precision cannot run here, the model has no weights for it, the weights
        are not the catalogue's, or the runtime refuses the graph.
        """
        reason = self.precisions()[precision]
        if not reason and precision == "int8" and "int8" not in model.weights:
            reason = f"{model.name} has no int8 weights"
        if reason:
            raise EngineError(f"{self.name} cannot run {model.name} in {precision}: {reason}")
        return self._load(model, model.read(precision), precision, threads, store)

    @abstractmethod
    def _load(
        self, model: Model, weights: bytes, precision: Precision, threads: int | None, store: Store
    ) -> Network:
        """Load ONNX `weights`, or what the store has been built of them, at a precision known to run here."""
