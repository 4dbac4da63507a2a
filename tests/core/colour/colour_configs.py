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


def write_table(path: Path, middle: float) -> None:
    """A one-dimensional table that takes 0.5 to `middle`."""
    values = f"0.0\n{middle}\n1.0"
    path.write_text(f"Version 1\nFrom 0.0 1.0\nLength 3\nComponents 1\n{{\n{values}\n}}\n")


def with_table(folder: Path, middle: float = 0.25) -> Path:
    """Write a configuration whose space "video" is a look-up table away from light; return its path."""
    (folder / "luts").mkdir(parents=True)
    write_table(folder / "luts/g.spi1d", middle)
    (folder / "config.ocio").write_text(
        "ocio_profile_version: 2\n"
        "search_path: luts\n"
        "roles: {default: video, scene_linear: lin}\n"
        "file_rules:\n"
        "  - !<Rule> {name: Default, colorspace: default}\n"
        "displays:\n"
        "  d:\n"
        "    - !<View> {name: v, colorspace: video}\n"
        "colorspaces:\n"
        "  - !<ColorSpace> {name: lin, encoding: scene-linear}\n"
        "  - !<ColorSpace>\n"
        "    name: video\n"
        "    to_scene_reference: !<FileTransform> {src: g.spi1d, interpolation: linear}\n"
    )
    return folder / "config.ocio"
