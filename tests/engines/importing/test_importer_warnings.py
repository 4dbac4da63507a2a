"""What a user is told of an imported model: what looks everywhere, drifts, or draws."""

from __future__ import annotations

import numpy as np
import pytest

from interneg.engines.models import load_catalogue
from tests.engines.importing.brought import COLOURS, Bring
from tests.engines.importing.nets import Net, spread


def test_what_looks_everywhere_is_named_and_warned_of(bring: Bring) -> None:
    net = Net().conv(spread(0.3, COLOURS))
    kept = net.x
    net.do("GlobalAveragePool").with_("Mul", 0.2).with_("Add", 0.9)
    done = bring(net.do("Mul", kept, net.x).model())
    assert load_catalogue()["net"].everywhere == ("GlobalAveragePool",)
    assert any("GlobalAveragePool" in w and "whole picture" in w for w in done.warnings)
    assert done.probed.locality.change > 1e-3


def test_corners_on_corners_is_named_as_what_drifts(bring: Bring) -> None:
    net = Net().conv(spread(0.3, COLOURS))
    sizes = [net.const(np.array(v, np.float32)) for v in ((), (1, 1, 2, 2))]
    net.do("Resize", net.x, *sizes, mode="linear", coordinate_transformation_mode="align_corners")
    done = bring(net.model())
    assert any("align_corners" in w for w in done.warnings)


def test_what_lies_outside_is_told(bring: Bring) -> None:
    net = Net()
    net.do("Mul", "in", "in").with_("Mul", -0.5).with_("Add", 1.0).do("Sqrt").with_("Mul", 0.01)
    done = bring(net.do("Add", net.x, "in").conv(spread(1.0, COLOURS)).model(), takes="0..1", gives="0..1")
    assert done.probed.behaviour.beyond == "not finite"
    assert any("NaN or inf" in w for w in done.warnings)


def test_a_level_that_moves_is_told(bring: Bring) -> None:
    done = bring(Net().conv(spread(1.0, COLOURS), bias=[0.02, 0.0, 0.0]).model(), takes="0..1", gives="0..1")
    assert done.probed.behaviour.colour == pytest.approx(0.02, abs=1e-4)
    assert any("moves flat fields" in w and "5.1 of colour" in w for w in done.warnings)


def test_a_model_that_seems_to_draw_is_asked_about(bring: Bring) -> None:
    net = Net().conv(spread(1.0, COLOURS))
    net.do("Add", net.x, net.do("Sin", net.with_("Mul", 60.0).x).with_("Mul", 0.08).x)
    model = net.model()
    done = bring(model, takes="0..1", gives="0..1")
    assert done.probed.behaviour.apart > 0.03
    assert any("say --perceptual" in w for w in done.warnings)
    done = bring(model, takes="0..1", gives="0..1", perceptual=True, overwrite=True)
    assert not any("say --perceptual" in w for w in done.warnings)
    assert load_catalogue()["net"].family == "perceptual"
