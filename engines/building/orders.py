"""Orders: what engine is to be built, by which library, and for which GPUs it is."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from interneg.engines import gpus
from interneg.engines.building.libraries import PORTABLE, Library
from interneg.engines.building.profiles import Profile, shapes
from interneg.engines.gpus import COMPUTE, Gpu
from interneg.engines.manifest import EngineKey
from interneg.engines.models import Model, Precision
from interneg.errors import UsageError, near

ENGINE_PRECISIONS: tuple[Precision, ...] = ("fp32", "fp16", "int8")
"""What TensorRT engines can be built in; the precision is the graph's own (strongly typed networks)."""


class Order(NamedTuple):
    """One engine to build. target: one of the library's, or for TensorRT the GPU that is here."""

    model: Model
    precision: Precision
    profile: Profile
    library: Library
    target: str
    version_compatible: bool = False
    workspace: int | None = None  # MiB

    @property
    def version(self) -> str:
        """Of the library that the engine runs on: a version-compatible one runs on all of a major version."""
        installed = self.library.version()
        return installed.partition(".")[0] if self.version_compatible else installed

    @property
    def key(self) -> EngineKey:
        """What the store knows the engine by."""
        return EngineKey(
            model=self.model.name,
            weights=self.model.file(self.precision).sha256,
            precision=self.precision,
            profile=self.profile.name,
            shapes=str(shapes(self.model, self.profile)),
            runtime=self.library.name,
            version=self.version,
            target=self.target,
            system=f"{platform.system()} {platform.machine()}",
            options="version-compatible" if self.version_compatible else "",
        )


def orders(
    models: Sequence[Model],
    precisions: Sequence[Precision],
    profiles: Sequence[Profile],
    library: Library,
    targets: Sequence[str],
    version_compatible: bool = False,
    workspace: int | None = None,
) -> Iterator[Order]:
    """Every combination, in an order that keeps a model's engines together; no int8 of models without.

    Raises UsageError for an option that the library has not.
    """
    if version_compatible and library.targets:
        raise UsageError("TensorRT for RTX has no version-compatible engines; leave the option to TensorRT")
    for model in models:
        for precision in precisions:
            if precision == "int8" and "int8" not in model.weights:
                continue
            for profile in profiles:
                for target in targets:
                    yield Order(model, precision, profile, library, target, version_compatible, workspace)


def models_without_int8(models: Sequence[Model], precisions: Sequence[Precision]) -> list[str]:
    """The models that are wanted in int8 and have no weights for it: there are no such engines of them."""
    return [m.name for m in models if "int8" in precisions and "int8" not in m.weights]


def target_of(library: Library, gpu: Gpu) -> str:
    """The target to build for a GPU. Raises UsageError where there is none."""
    if found := targets_for(library, gpu):
        return found[0]
    raise UsageError(
        f"{library.name} builds for no GPU like {gpu.name} ({gpu.target}); try the extra tensorrt"
    )


def target_note(library: Library, gpu: Gpu) -> str:
    """What to know about the target for a GPU; an empty string where it is the GPU's own."""
    if not library.targets or gpu.target in library.targets:
        return ""
    return f"{library.name} does not list {gpu.target}; portable engines are tried there"


def targets_for(library: Library, gpu: Gpu) -> tuple[str, ...]:
    """The targets whose engines run on a GPU, the best first."""
    if not library.targets:
        return (f"{gpu.target} {gpus.short(gpu.name)}",)
    own = (gpu.target,) if gpu.target in library.targets else ()
    return own + ((PORTABLE,) if gpu.capability >= (8, 0) else ())


def check_target(library: Library, target: str) -> str:
    """A target by name. Raises UsageError, with near matches, where the library does not build for it."""
    if target.casefold() in library.targets:
        return target.casefold()
    if not library.targets:
        raise UsageError(f"TensorRT builds for the GPU at hand only: the target is 'current', not '{target}'")
    if cards := [name for name, capability in COMPUTE.items() if f"sm{capability}" == target]:
        raise UsageError(
            f"{library.name} does not list {target} ({', '.join(cards)}): build 'portable', which is tried "
            "there"
        )
    known = (
        near(target, ("current", *library.targets)) or f" (there are current, {', '.join(library.targets)})"
    )
    raise UsageError(f"{library.name} builds for no target '{target}'{known}")
