"""The shell's pixels: every half float, the rounding of integers, and what makes two pictures the same."""

from __future__ import annotations

import ctypes
import shutil
from pathlib import Path

import numpy as np
import pytest

from interneg.plugin.ofx.build import compile_c

SOURCES = Path(__file__).parents[3] / "plugin" / "ofx"
BYTE, SHORT, HALF, FLOAT = range(4)
TYPES = {BYTE: np.uint8, SHORT: np.uint16, HALF: np.float16, FLOAT: np.float32}

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="there is no C compiler"
)


class Rect(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_int) for name in ("x1", "y1", "x2", "y2"))


class Image(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p), ("row_bytes", ctypes.c_ssize_t), ("bounds", Rect),
        ("depth", ctypes.c_int), ("channels", ctypes.c_int),
    )  # fmt: skip


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    library = tmp_path_factory.mktemp("pixels") / "pixels.so"
    compile_c([SOURCES / "pixels.c"], library, ("-fPIC", "-shared", "-fvisibility=default"))
    return ctypes.CDLL(str(library))


def image_of(rows: np.ndarray, depth: int, x: int = 0, y: int = 0) -> Image:
    """rows: (H, W, C), from bottom to top, of any stride between rows."""
    height, width, channels = rows.shape
    bounds = Rect(x, y, x + width, y + height)
    return Image(rows.ctypes.data, rows.strides[0], bounds, depth, channels)


def taken(shell: ctypes.CDLL, rows: np.ndarray, depth: int) -> np.ndarray:
    picture = np.full(rows.shape, -7, np.float32)
    shell.pixels_take(ctypes.byref(image_of(rows, depth)), picture.ctypes.data_as(ctypes.c_void_p))
    return picture[::-1]


def given(shell: ctypes.CDLL, values: np.ndarray, depth: int) -> np.ndarray:
    rows = np.zeros(values.shape, TYPES[depth])
    image, picture = image_of(rows, depth), np.ascontiguousarray(values[::-1], np.float32)
    shell.pixels_give(ctypes.byref(image), image.bounds, picture.ctypes.data_as(ctypes.c_void_p))
    return rows


def digest(shell: ctypes.CDLL, rows: np.ndarray, x: int = 0, y: int = 0) -> tuple[int, int]:
    found = (ctypes.c_uint64 * 2)()
    shell.pixels_digest(ctypes.byref(image_of(rows, FLOAT)), x, y, found)
    return found[0], found[1]


def test_every_half_is_taken_as_it_is(shell: ctypes.CDLL) -> None:
    halves = np.arange(65536, dtype=np.uint16).view(np.float16).reshape(16, 1024, 4)
    np.testing.assert_array_equal(taken(shell, halves, HALF), halves.astype(np.float32))


def test_halves_are_rounded_to_the_nearest(shell: ctypes.CDLL) -> None:
    halves = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(np.float32)
    middles = (halves[1:] + halves[:-1]) / 2  # exact: the ties
    random = np.random.default_rng(1).integers(0, 2**32, 4096, np.uint32).view(np.float32)
    edges = np.array(
        [65504, 65519.996, 65520, 1e30, np.inf, np.nan, 2**-24, 2**-25, 2**-25 * 1.001, 0], np.float32
    )
    values = np.concatenate(
        [halves, middles, np.nextafter(middles, 1e9), np.nextafter(middles, 0), random, edges]
    )
    values = np.concatenate([values, -values])[None, :, None]
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(given(shell, values, HALF), values.astype(np.float16))


@pytest.mark.parametrize("depth", [BYTE, SHORT])
def test_integers_come_back(shell: ctypes.CDLL, depth: int) -> None:
    most = int(np.iinfo(np.dtype(TYPES[depth]).str).max)
    rows = np.arange(most + 1, dtype=TYPES[depth]).reshape(1, -1, 1)
    floats = taken(shell, rows, depth)
    np.testing.assert_array_equal(floats, rows.astype(np.float32) / np.float32(most))
    np.testing.assert_array_equal(given(shell, floats, depth), rows)
    odd = np.array([-1, -0.0, 2, np.inf, -np.inf, np.nan, 0.4 / most, 0.6 / most], np.float32)[None, :, None]
    assert given(shell, odd, depth).ravel().tolist() == [0, 0, most, most, 0, 0, 0, 1]


@pytest.mark.parametrize("width", [1, 3, 4, 5, 17])
def test_floats_pass_bit_for_bit_from_and_to_any_place(shell: ctypes.CDLL, width: int) -> None:
    bits = np.random.default_rng(width).integers(0, 2**32, 8 * (width + 2) * 3 + 1, np.uint32)
    for start in (0, 1):  # aligned, and not
        whole = bits[start : start + 8 * (width + 2) * 3].reshape(8, width + 2, 3).view(np.float32)
        for rows in (whole[:, :width], whole[::-1, :width], whole[::2, 1 : 1 + width]):
            floats = taken(shell, rows, FLOAT)
            np.testing.assert_array_equal(floats.view(np.uint32), np.ascontiguousarray(rows).view(np.uint32))
            back = given(shell, floats, FLOAT)
            np.testing.assert_array_equal(back.view(np.uint32), floats.view(np.uint32))


def test_the_digest_is_of_samples_and_place_alone(shell: ctypes.CDLL) -> None:
    rows = np.random.default_rng(3).random((9, 7, 4), np.float32)
    first = digest(shell, rows)
    padded = np.zeros((9, 11, 4), np.float32)
    padded[:, :7] = rows
    assert digest(shell, padded[:, :7]) == first
    assert digest(shell, np.ascontiguousarray(rows[::-1])[::-1]) == first
    others = [digest(shell, rows, 1), digest(shell, rows, 0, 1), digest(shell, rows[::-1])]
    others += [digest(shell, rows.reshape(9, 28, 1)), digest(shell, rows[:8]), digest(shell, rows[:, :6])]
    for at in np.ndindex(9, 7, 4):
        changed = rows.copy()
        changed.view(np.uint32)[at] ^= 1
        others.append(digest(shell, changed))
    assert len({first, *others}) == 1 + len(others)
