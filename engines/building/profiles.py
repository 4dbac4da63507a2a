"""Shape profiles: the sizes of tiles that an engine takes, and is tuned for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from interneg.engines.models import Model
from interneg.engines.tiles import padded_size


class Profile(NamedTuple):
    """The largest picture that is one tile, without its mirrored border."""

    name: str
    width: int
    height: int


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            Profile("proxy", 960, 540),
            Profile("hd", 1920, 1080),
            Profile("uhd", 3840, 2160),
            Profile("film4k", 4096, 3112),
        )
    }
)


class Shapes(NamedTuple):
    """Input sizes (height, width) that an engine takes, border included; it is tuned for the largest."""

    least: tuple[int, int]
    most: tuple[int, int]

    def __str__(self) -> str:
        return " ".join(f"{h}x{w}" for h, w in (self.least, self.most, self.most))


def shapes(model: Model, profile: Profile) -> Shapes:
    """From the smallest picture there is to the profile's; or the only size that the model takes."""
    if model.size is not None:
        return Shapes(model.size, model.size)
    return Shapes(
        padded_size(1, 1, model.halo, model.multiple),
        padded_size(profile.height, profile.width, model.halo, model.multiple),
    )
