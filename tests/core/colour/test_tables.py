"""Look-up tables of configurations: identity by content, and one clear error where one is missing."""

import os
import shutil
from pathlib import Path

import numpy as np
import PyOpenColorIO as ocio
import pytest

from interneg.colour import Colour
from interneg.colour.tables import forget_read_tables
from interneg.errors import ColourError
from tests.core.colour.colour_configs import STUDIO, with_table, write_table


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return with_table(tmp_path / "show")


def middle(config: Path) -> float:
    codes = np.full((3, 1, 1), 0.5, np.float32)
    return float(Colour(str(config)).transform("video", "lin")(codes)[1, 0, 0])


def test_a_table_rewritten_in_place_is_another_configuration(made: Path) -> None:
    before = Colour(str(made)).identity
    assert middle(made) == pytest.approx(0.25)
    table = made.parent / "luts/g.spi1d"
    facts = table.stat()
    write_table(table, 0.35)
    os.utime(table, ns=(facts.st_atime_ns, facts.st_mtime_ns))  # as a copy that keeps times leaves it
    assert Colour(str(made)).identity != before
    forget_read_tables()
    assert middle(made) == pytest.approx(0.35)
    write_table(table, 0.25)
    assert Colour(str(made)).identity == before


def test_the_same_content_elsewhere_is_the_same_configuration(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made.parent, tmp_path / "other/mount")
    assert Colour(str(tmp_path / "other/mount/config.ocio")).identity == Colour(str(made)).identity
    elsewhere = tmp_path / "search.ocio"  # tables by an absolute path
    paths = f"search_path: /nowhere:{made.parent}/luts"
    elsewhere.write_text(made.read_text().replace("search_path: luts", paths))
    assert Colour(str(elsewhere)).identity == Colour(str(made)).identity
    elsewhere.write_text(
        made.read_text().replace("linear}", "nearest}").replace(" luts", f" {made.parent}/luts")
    )
    assert Colour(str(elsewhere)).identity != Colour(str(made)).identity


def test_tables_of_looks_views_and_groups_are_found(tmp_path: Path) -> None:
    config = ocio.Config.CreateFromFile(str(with_table(tmp_path)))
    for name in "abcd":
        write_table(tmp_path / f"luts/{name}.spi1d", 0.5)
    group = ocio.GroupTransform([ocio.GroupTransform([ocio.FileTransform("a.spi1d")])])
    config.addColorSpace(ocio.ColorSpace(name="grouped", fromReference=group))
    config.addLook(ocio.Look(name="look", processSpace="lin", transform=ocio.FileTransform("b.spi1d")))
    config.addNamedTransform(ocio.NamedTransform("named", [], inverseTransform=ocio.FileTransform("c.spi1d")))
    config.addViewTransform(
        ocio.ViewTransform(
            ocio.REFERENCE_SPACE_SCENE, name="view", fromReference=ocio.FileTransform("d.spi1d")
        )
    )
    (tmp_path / "more.ocio").write_text(config.serialize())
    tables = Colour(str(tmp_path / "more.ocio")).tables
    assert {name: path.name for name, path in tables.files.items()} == {
        name: name for name in ("g.spi1d", *(f"{n}.spi1d" for n in "abcd"))
    }
    assert not tables.missing


def test_what_stands_for_variables_counts(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(made.parent / "luts/h.spi1d", 0.5)
    text = made.read_text().replace("src: g.spi1d", "src: $GRADE.spi1d")
    made.write_text(text.replace("search_path", "environment: {GRADE: g}\nsearch_path"))
    found = set()
    for grade in ("g", "h"):
        monkeypatch.setenv("GRADE", grade)
        colour = Colour(str(made))
        assert [p.name for p in colour.tables.files.values()] == [f"{grade}.spi1d"]
        found.add(colour.identity)
    assert len(found) == 2


def test_an_archive_counts_as_a_whole(made: Path) -> None:
    archive = made.with_name("show.ocioz")
    ocio.Config.CreateFromFile(str(made)).archive(str(archive))
    colour = Colour(str(archive))
    before = colour.identity
    assert not colour.tables.watched and middle(archive) == pytest.approx(0.25)
    write_table(made.parent / "luts/g.spi1d", 0.35)
    ocio.Config.CreateFromFile(str(made)).archive(str(archive))
    assert Colour(str(archive)).identity != before


def test_a_built_in_configuration_has_no_tables() -> None:
    assert not Colour(STUDIO).tables.watched
    assert Colour(STUDIO).identity == Colour(STUDIO).identity != Colour("ocio://cg-config-latest").identity


def test_a_missing_table_is_one_clear_error(made: Path) -> None:
    (made.parent / "luts/g.spi1d").unlink()
    colour = Colour(str(made))
    assert colour.tables.missing == ("g.spi1d",)
    assert colour.tables.awaited == (made.parent / "luts/g.spi1d",)
    for ask in (
        lambda: colour.transform("video", "lin"),
        lambda: colour.encoding("video"),
        lambda: colour.log_encoding("video"),
    ):
        with pytest.raises(ColourError, match=r"lacks a look-up table and cannot .*'g\.spi1d'.*Put the file"):
            ask()
    assert not colour.alike("video", "lin")
    before = colour.identity
    write_table(made.parent / "luts/g.spi1d", 0.25)
    assert Colour(str(made)).identity != before
    (made.parent / "luts/g.spi1d").write_text("no table")
    with pytest.raises(ColourError, match="cannot convert 'video' to 'lin'"):
        Colour(str(made)).transform("video", "lin")
