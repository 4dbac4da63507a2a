"""Samples, steps, looks at held-out parts, and the end of a training."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("onnx", reason="weights are read by onnx")

from interneg.engines.models import load_catalogue  # noqa: E402
from interneg.engines.training.dice import Dice  # noqa: E402
from interneg.engines.tuning import tuner as tuning  # noqa: E402
from interneg.engines.tuning.fitting import best_told  # noqa: E402
from interneg.engines.tuning.samples import Part, Samples, figure  # noqa: E402
from interneg.engines.tuning.start import network, weights_of  # noqa: E402
from interneg.engines.tuning.tuner import Plan, Standing, Tuner  # noqa: E402

CPU, LITE = torch.device("cpu"), "denoise-sr-lite-x1"


def samples(seed: int, scale: int = 1, side: int = 48, count: int = 6, grey: bool = False) -> Samples:
    random = np.random.default_rng(seed)
    parts = []
    for _ in range(count):
        clean = np.zeros((3, side * scale, side * scale), np.float32)
        clean[0] = np.linspace(0.2, 0.8, side * scale, dtype=np.float32)
        if not grey:
            clean[1:] = 0.1
        seen = clean[:, ::scale, ::scale].copy()
        seen[: 1 if grey else 3] += 0.06 * random.standard_normal(seen[: 1 if grey else 3].shape, np.float32)
        parts.append(Part(clean, seen, np.full((2, side, side), 0.06, np.float32)))
    return Samples.of(parts, CPU)


def tuner(seconds: float = 1000.0, **more: object) -> Tuner:
    model = load_catalogue()[LITE]
    plan = Plan("lite", 1, seconds, rate=1e-3, batch=2, size=24, **more)  # type: ignore[arg-type]
    return Tuner(plan, weights_of(model), samples(1), samples(2), CPU)


def test_a_sample_is_the_same_place_of_both() -> None:
    drawn = samples(1, scale=2).draw(16, 4, 0.0, Dice(3, CPU))
    assert drawn.planes.shape == (4, 6, 16, 16) and drawn.target.shape == (4, 3, 32, 32)
    # The noise is all that they differ by.
    assert (drawn.planes[:, 0] - drawn.target[:, 0, ::2, ::2]).std() < 0.08
    assert drawn.planes[:, 3].mean() == pytest.approx(0.06, rel=0.2) and not drawn.planes[:, 5].any()


def test_ordinary_samples_show_noise_of_any_strength() -> None:
    drawn = samples(1).draw(24, 64, 1.0, Dice(3, CPU))
    noise = (drawn.planes[:, 0] - drawn.target[:, 0]).std((1, 2))
    torch.testing.assert_close(noise, drawn.planes[:, 3].mean((1, 2)), rtol=0.15, atol=1e-3)
    assert noise.min() < 0.02 and noise.max() > 0.12


def test_grey_stays_grey() -> None:
    drawn = samples(1, grey=True).draw(24, 16, 0.5, Dice(3, CPU))
    assert not drawn.planes[:, 1:3].any() and not drawn.planes[:, 4].any()


def test_some_samples_have_other_hues_and_no_other_brightness() -> None:
    drawn = samples(1).draw(24, 64, 0.0, Dice(3, CPU))
    colours = drawn.target[:, 1:].mean((2, 3))
    assert colours.norm(dim=1) == pytest.approx(0.1 * 2**0.5, rel=1e-3)  # as colourful as they were
    same = torch.isclose(colours, torch.tensor(0.1), atol=1e-3).all(1).float().mean()
    assert 0.02 < same < 0.3
    # Damaged and clean ones are turned alike.
    assert (drawn.planes[:, 1:3].mean((2, 3)) - colours).abs().max() < 0.02


def test_the_figure_is_psnr_over_red_green_and_blue() -> None:
    some = samples(1, grey=True)
    weights = {name: torch.zeros_like(w) for name, w in weights_of(load_catalogue()[LITE]).items()}
    nothing = network("lite", 1, weights)  # which corrects nothing
    off = (some.seen - some.clean).float()[:, 0]
    assert figure(nothing, some) == pytest.approx(float(-10 * torch.log10(off.square().mean())), abs=1e-3)


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not() -> None:
    whole = tuner()
    whole.run(lambda check: None, lambda: whole.step == 4)
    first = tuner()
    states = []
    first.run(lambda check: None, lambda: first.step == 2, lambda: states.append(first.state))
    assert len(states) == 1
    second = tuner()
    second.restore(states[0])
    second.run(lambda check: None, lambda: second.step == 4)
    for name, weights in whole.average.state_dict().items():
        torch.testing.assert_close(second.average.state_dict()[name], weights, rtol=1e-4, atol=1e-6)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step and each look takes a second, and a step moves the weights by a little."""

    def ticks() -> Iterator[float]:
        now = 0.0
        while True:
            yield now
            now += 1.0

    seconds = ticks()
    monkeypatch.setattr("time.monotonic", lambda: next(seconds))

    def moved(self: Tuner) -> None:
        with torch.no_grad():
            next(self.average.parameters()).add_(1e-6)

    monkeypatch.setattr(Tuner, "_descend", moved)


def steady(monkeypatch: pytest.MonkeyPatch, figures: list[float]) -> None:
    found = iter(figures)
    monkeypatch.setattr(tuning, "figure", lambda net, held: next(found, figures[-1]))


def looks(found: Tuner) -> list[Standing]:
    checks: list[Standing] = []
    assert found.run(checks.append)
    return checks


@pytest.mark.usefixtures("clock")
def test_it_ends_early_where_nothing_is_gained(monkeypatch: pytest.MonkeyPatch) -> None:
    steady(monkeypatch, [30.0, 31.0, 31.0])
    stood = tuner(400)
    checks = looks(stood)
    assert checks[-1].cooling and stood.seconds < 0.75 * 400
    assert stood.best == 31.0 and checks[-1].before == 30.0 and checks[-1].left == 0
    assert stood._rate() < 0.02 * stood.plan.rate


@pytest.mark.usefixtures("clock")
def test_it_takes_its_time_where_more_is_gained(monkeypatch: pytest.MonkeyPatch) -> None:
    steady(monkeypatch, [30 + 0.05 * k for k in range(100)])
    gaining = tuner(400)
    checks = looks(gaining)
    assert 400 <= gaining.seconds < 420
    cooling = [check.seconds for check in checks if check.cooling]
    assert 0.7 * 400 <= cooling[0] < 0.85 * 400
    assert [c.left for c in checks] == sorted((c.left for c in checks), reverse=True)


@pytest.mark.usefixtures("clock")
def test_the_best_weights_are_kept_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    steady(monkeypatch, [30.0, 32.0, 31.0, 30.5])
    found = tuner(120)
    looks(found)
    assert found.best == 32.0
    last = found.average.state_dict()
    assert any(not torch.equal(weights, last[name]) for name, weights in found.best_weights.items())


def test_what_restores_best_is_told() -> None:
    model = load_catalogue()[LITE]
    weights = weights_of(model)
    quiet = samples(4, count=2)
    quiet = Samples(quiet.clean, quiet.seen, torch.zeros_like(quiet.sigma))  # as if nothing had been measured
    made = best_told("lite", 1, weights, quiet, CPU)
    before, after = (figure(network("lite", 1, w), quiet) for w in (weights, made))
    assert after > before + 3
