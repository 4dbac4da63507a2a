"""Where the worker lays pictures over each other: the output, masks, mattes and references."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from interneg.frame import Frame, Pixels
from interneg.plugin.worker.renderer import Renderer
from tests.plugin.worker.render_requests import Asked, draw


def test_a_mask_covers_what_it_lies_over(renderer: Renderer) -> None:
    source, mask = draw(1), np.ones((4, 5, 1), np.float32)
    asked = Asked("doubled", {}, 1, {1: source}, at={1: (-10, -8)}, mask=mask, mask_at=(-8, -6), fit=True)
    asked.output_at = (-10, -8)
    made = asked.rendered(renderer)
    touched = (made != source).any(axis=2)
    assert touched[2:6, 2:7].all() and touched.sum() == 20


@pytest.mark.parametrize("at", [(0, 0), (10, -6), (100, 100), (-3, 5)])
def test_the_output_is_a_part_and_the_rest_is_0(renderer: Renderer, at: tuple[int, int]) -> None:
    source = draw(1)
    whole = Asked("doubled", {}, 1, {1: source}, size=(64, 48)).rendered(renderer)
    part = Asked("doubled", {}, 1, {1: source}, size=(20, 15), output_at=at).rendered(renderer)
    padded = np.zeros((200, 200, 4), np.float32)
    padded[50:98, 50:114] = whole
    expected = padded[50 + at[1] :, 50 + at[0] :][:15, :20]
    assert part[: len(expected)].tobytes() == expected.tobytes() or at == (100, 100)
    assert at != (100, 100) or not part.any()


def test_fitted_is_the_mean_of_the_pixels(renderer: Renderer) -> None:
    source = draw(1)
    source[3, 4, 1] = np.nan
    source[5, 6, 0] = np.inf
    made = Asked("doubled", {"unpremultiply": False}, 1, {1: source}, fit=True).rendered(renderer)
    good = np.isfinite(source).all(axis=2)
    assert np.allclose(made[good][:, :3], source[good][:, :3] + 1, atol=1e-5)
    assert made[~good].tobytes() == source[~good].tobytes()
    assert made[..., 3].tobytes() == source[..., 3].tobytes()


def test_a_reference_plate_is_seen(renderer: Renderer) -> None:
    made = Asked("plate", {"unpremultiply": False}, 1, {1: draw(1)}, reference=draw(2)).rendered(renderer)
    assert np.allclose(made[..., :3], draw(1)[..., :3] - draw(2)[..., :3], atol=1e-5)


def test_a_matte_is_laid_where_it_belongs(renderer: Renderer) -> None:
    frames = {n: draw(n) for n in range(1, 6)}
    knobs = {"matte": "replace", "grow": 0, "feather": 0, "unpremultiply": False}
    matte = np.ones((4, 6, 1), np.float32)
    asked = Asked("scratch-inpaint", knobs, 3, frames, matte=matte, matte_at=(10, 8))
    changed = (asked.rendered(renderer) != frames[3]).any(axis=-1)
    rows, columns = np.nonzero(changed)
    assert changed[8:12, 10:16].mean() > 0.9
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 11, 10, 15)


def test_colour_that_was_not_multiplied_by_alpha_is_not_divided(renderer: Renderer) -> None:
    source = np.full((8, 8, 4), 0.5, np.float32)
    given = {premultiplied: Asked("denoise-sr", {"noise": 30}, 1, {1: source}, premultiplied=premultiplied)
             for premultiplied in (True, False)}  # fmt: skip
    request, views = given[False].request()
    job_frame = renderer_frame(renderer, request, views)
    assert job_frame.metadata["oiio:UnassociatedAlpha"] == 1
    assert not renderer_frame(renderer, *given[True].request()).metadata


def renderer_frame(renderer: Renderer, request: Any, views: Sequence[Pixels]) -> Frame:
    seen: list[Frame] = []
    renderer._run(request, views, lambda: False, {}, lambda job: seen.append(job.source.frame(request.time)))
    return seen[0]
