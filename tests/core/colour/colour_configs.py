"""Configurations that the tests of colour use."""

from pathlib import Path

import PyOpenColorIO as ocio

from interneg.colour import Colour

STUDIO = "ocio://studio-config-latest"


colour = Colour(STUDIO)


def minimal(folder: Path, log: ocio.Transform | None = None, **roles: str) -> str:
    """Write a small configuration without encodings, aliases and interop IDs; return its path."""
    config = ocio.Config()
    config.setName("minimal")
    config.addColorSpace(ocio.ColorSpace(name="lin", family="f"))
    gamma = ocio.ExponentTransform([2.2, 2.2, 2.2, 1])
    config.addColorSpace(ocio.ColorSpace(name="video", toReference=gamma))
    if log is not None:
        config.addColorSpace(ocio.ColorSpace(name="log", fromReference=log))
    for role, space in {"default": "lin", "scene_linear": "lin", **roles}.items():
        config.setRole(role, space)
    path = folder / "config.ocio"
    path.write_text(config.serialize())
    return str(path)
