"""The facts of formats fit together."""

from pathlib import Path

import pytest

from interneg.errors import UsageError
from interneg.frame import DEPTHS
from interneg.io.formats import IMAGES, MOVIES, MOVIES_WRITTEN, ImageFormat, image_format, is_movie
from interneg.io.movie_formats import movie_format


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


@pytest.mark.parametrize("extension", MOVIES)
def test_movies_that_are_told_to_be_written_are(extension: str) -> None:
    path = Path(f"a{extension}")
    if extension in MOVIES_WRITTEN:
        assert extension in movie_format(path).extensions
    else:
        with pytest.raises(UsageError, match="movies are written as"):
            movie_format(path)
