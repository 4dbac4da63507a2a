"""What the worker does when a node's button is pressed: it measures, writes files, and reports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from interneg.plugin.worker.protocol import Action
from interneg.plugin.worker.renderer import Renderer
from tests.plugin.worker.render_requests import Asked, draw


@pytest.mark.parametrize("sigma", [3.0, 12.0])
def test_measure_noise_finds_what_was_added(renderer: Renderer, sigma: float) -> None:
    rng = np.random.default_rng(2)
    noisy = 0.45 + rng.normal(0, sigma / 255, (192, 256, 1)) * np.ones(3)
    asked = Asked("denoise-sr", {"noise": 50}, 7, {7: noisy}, space="sRGB - Display")
    request, views = asked.request(Action, action="measure_noise")
    answer = renderer.act(request, views, lambda: False)
    assert answer["knobs"]["noise"] == pytest.approx(sigma, rel=0.15)
    assert f"frame 7 is {answer['knobs']['noise']:.1f} code values" in answer["message"]


def test_a_profile_that_was_measured_is_a_file_whose_name_the_knob_gets(
    renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from interneg.grain.profile_file import profile

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    rng = np.random.default_rng(2)
    noisy = 0.45 + rng.normal(0, 9 / 255, (192, 256, 3))
    asked = Asked("grain-match", {"gate": 12.5}, 7, {7: noisy}, space="sRGB - Display")
    answers = []
    for _ in range(2):
        request, views = asked.request(Action, action="analyse_grain")
        answers.append(renderer.act(request, views, lambda: False))
    file = Path(answers[0]["knobs"]["profile"])
    assert answers[0] == answers[1] and file.is_relative_to(tmp_path) and str(file) in answers[0]["message"]
    found = profile(file.read_bytes(), "a")
    assert found.width == 12.5 and found.pixels == 256 and found.sigmas.any()


def test_a_report_shows_both_pictures(
    renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cv2

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    asked = Asked("doubled", {}, 4, {4: draw(1)})
    for _ in range(12):
        request, views = asked.request(Action, action="report")
        message = renderer.act(request, views, lambda: False)["message"]
    page = Path(message.removeprefix("The report is ").removesuffix(" (open it in a browser)"))
    assert "Doubled, frame 4" in page.read_text() and "<dd>1.0</dd>" in page.read_text()
    before, after = (np.asarray(cv2.imread(str(page.parent / f"{name}.png"))) for name in ("before", "after"))
    assert before.shape == (24, 32, 3) and after.shape == (48, 64, 3)
    assert (before == before.max()).mean() < 1 and (after[1::2] >= after[::2]).all()
    assert len(list(tmp_path.glob("interneg/reports/report-*"))) == 10


def test_a_button_that_a_node_does_not_have(renderer: Renderer) -> None:
    from interneg.errors import UsageError

    request, views = Asked("doubled", {}, 1, {1: draw(1)}).request(Action, action="measure_noise")
    with pytest.raises(UsageError, match="doubled has no button 'measure_noise'; it has: report"):
        renderer.act(request, views, lambda: False)
