"""The colour configuration that the worker renders in, and what it says of spaces."""

from __future__ import annotations

from pathlib import Path

import pytest

from interneg.plugin.worker.renderer import Renderer
from tests.plugin.worker.render_requests import SPACE, Asked, draw


@pytest.mark.parametrize(
    ("host", "own", "name"),
    [
        ("", "/nowhere.ocio", "studio-config"),
        ("ocio://cg-config-latest", "", "cg-config"),
        (None, "ocio://cg-config-latest", "cg-config"),
        (None, "", "studio-config"),
        ("ocio://ocio://default", "", "cg-config"),  # of MLT's making
    ],
)
def test_the_host_s_colour_configuration_counts(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch, host: str | None, own: str, name: str
) -> None:
    monkeypatch.setenv("OCIO", own)
    request, views = Asked("doubled", {}, 1, {1: draw(1)}).request(config=host)
    seen: list[str] = []
    renderer._configs._open.clear()
    renderer._run(request, views, lambda: False, {}, lambda job: seen.append(job.context.colour.name))
    assert seen[0].startswith(name)


def test_a_configuration_that_was_written_anew_is_read_anew(renderer: Renderer, tmp_path: Path) -> None:
    path = tmp_path / "config.ocio"
    seen: list[str] = []
    for name in ("first", "second"):
        path.write_text(
            f"ocio_profile_version: 2\nname: {name}\nroles: {{default: {SPACE}, scene_linear: {SPACE}}}\n"
            f"displays: {{s: [!<View> {{name: v, colorspace: {SPACE}}}]}}\n"
            f"colorspaces: [!<ColorSpace> {{name: {SPACE}, encoding: scene-linear}}]\n"
        )
        for _ in range(2):
            request, views = Asked("doubled", {}, 1, {1: draw(1)}).request(config=str(path))
            renderer._run(request, views, lambda: False, {}, lambda job: seen.append(job.context.colour.name))
    assert seen == ["first", "first", "second", "second"]


@pytest.mark.parametrize(("space", "notes"), [("Raw", 1), (SPACE, 0)])
def test_a_space_of_data_is_told(renderer: Renderer, space: str, notes: int) -> None:
    request, views = Asked("doubled", {}, 1, {1: draw(1)}, space=space).request(config="")
    told = renderer.render(request, views, lambda: False)["notes"]
    assert len(told) == notes and all("'Raw' is one of data" in note for note in told)
