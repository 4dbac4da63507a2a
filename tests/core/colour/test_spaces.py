"""Configurations, and the names of their spaces."""

from pathlib import Path

import PyOpenColorIO as ocio
import pytest

from interneg.colour import Colour
from interneg.errors import ColourError
from tests.core.colour.colour_configs import colour, minimal


def test_ocio_variable_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Colour().name.startswith("studio-config")
    monkeypatch.setenv("OCIO", minimal(tmp_path))
    assert Colour().name == "minimal"
    monkeypatch.setenv("OCIO", "")
    assert Colour().name.startswith("studio-config")


@pytest.mark.parametrize("content", [None, "this is no configuration"])
def test_bad_configuration_is_named(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "broken.ocio"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("OCIO", str(path))
    with pytest.raises(ColourError, match=r"\$OCIO is '.*broken\.ocio'.*unset it"):
        Colour()
    with pytest.raises(ColourError, match=r"^'.*broken\.ocio' cannot be read"):
        Colour(str(path))


def test_identity_changes_with_the_configuration(tmp_path: Path) -> None:
    one = Colour(minimal(tmp_path)).identity
    assert one == Colour(minimal(tmp_path)).identity
    assert ocio.__version__ in one
    assert one != Colour(minimal(tmp_path, compositing_log="video")).identity
    assert one != colour.identity


@pytest.mark.parametrize("name", ["ACEScg", "acescg", "lin_ap1", "scene_linear", "lin_ap1_scene"])
def test_resolves_names_aliases_roles_and_interop_ids(name: str) -> None:
    assert colour.resolve(name) == "ACEScg"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("ACESgc", "ACEScg"),
        ("scene_liner", "scene_linear"),
        ("lin_rec_709", "lin_rec709"),
        ("LogC3", "LogC3"),
    ],
)
def test_unknown_space_lists_near_ones(name: str, near: str) -> None:
    with pytest.raises(ColourError, match=f"'{name}' is no colour space.*did you mean.*{near}"):
        colour.resolve(name)


def test_unlike_anything() -> None:
    with pytest.raises(ColourError, match=r"'qqqqqq' is no colour space.*roles are .*scene_linear.* menu"):
        colour.resolve("qqqqqq")


def test_alike() -> None:
    assert colour.alike("ACEScg", "lin_ap1")
    assert colour.alike("sRGB - Display", "srgb_texture")
    assert not colour.alike("ACEScg", "ACES2065-1")
    assert not colour.alike("Raw", "ACEScg")
