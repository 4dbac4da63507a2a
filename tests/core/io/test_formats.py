"""The facts of formats fit together."""

from pathlib import Path

import pytest

from interneg.frame import DEPTHS
from interneg.io.formats import IMAGES, MOVIES, ImageFormat, image_format, is_movie


def test_an_extension_stands_for_one_format() -> None:
    extensions = [e for f in IMAGES for e in f.extensions] + [*MOVIES]
    assert len(set(extensions)) == len(extensions)
    assert all(e == e.lower() and e.startswith(".") for e in extensions)


@pytest.mark.parametrize("kind", IMAGES, ids=lambda f: f.name)
def test_what_is_stored_is_stored_as_it_is(kind: ImageFormat) -> None:
    assert set(kind.depths) <= set(DEPTHS)
    assert all(kind.depths[stored] == stored for stored in kind.depths.values())


def test_names_in_any_case() -> None:
    found = image_format(Path("A.EXR"))
    assert found is not None and found.name == "openexr"
    assert image_format(Path("a.mov")) is None and is_movie(Path("a.MOV"))
