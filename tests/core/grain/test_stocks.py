from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from interneg.engines.training.grain_stocks import classes, make
from interneg.errors import UsageError
from interneg.grain import stocks
from interneg.grain.profile import DENSITY
from interneg.grain.scale import at_pitch
from interneg.grain.stocks import GATES, NAMES, stock


def test_the_files_are_those_of_the_classes() -> None:
    assert [identifier for identifier, _ in classes()] == list(NAMES)
    found = sorted(f.name for f in files(stocks).iterdir() if f.name.endswith(".toml"))
    assert found == sorted(f"{name}.grain.toml" for name in NAMES)


@pytest.mark.parametrize("name", ["colour-500", "bw-print"])
def test_a_profile_made_anew_is_the_one_that_is_there(name: str) -> None:
    made = make(dict(classes())[name])
    there = stock(name)
    command = "python -m interneg.engines.training.grain_stocks core/grain/stocks"
    assert f"35 mm {made.name}" == there.name, command
    for one, other in ((made.levels, there.levels), (made.sigmas, there.sigmas), (made.power, there.power)):
        # To the digits that a file has, and what another processor's cosines differ by.
        assert one == pytest.approx(other, rel=1e-3, abs=1e-5), command


def sigma(name: str, gate: str = "35mm", pixels: int = 2048, code: int = 445, channel: str = "G") -> float:
    found = stock(name, gate)
    found = at_pitch(found, found.width / pixels)
    at = found.channels.index(channel if len(found.channels) == 3 else "Y")
    return float(np.interp(code / 1023, found.levels[at], found.sigmas[at]) * DENSITY)


def test_faster_smaller_pushed_and_silver_grain_is_stronger() -> None:
    assert sigma("colour-50") < sigma("colour-200") < sigma("colour-500") < sigma("colour-500-pushed")
    assert sigma("bw-50") < sigma("bw-200") < sigma("bw-500") < sigma("bw-500-pushed")
    assert sigma("colour-50", "65mm") < sigma("colour-50") < sigma("colour-50", "16mm")
    assert sigma("colour-500") < sigma("bw-500")
    assert sigma("colour-500") < sigma("colour-500", channel="B")


@pytest.mark.parametrize("name", NAMES)
def test_each_stock_is_a_profile_for_each_gate(name: str) -> None:
    for gate, width in GATES.items():
        found = stock(name, gate)
        assert found.width == width
        assert found.pitch == pytest.approx(stock(name).pitch, rel=1e-3)
        assert (np.diff(found.levels) > 0).all()
        assert found.levels.shape[1] >= 14


@pytest.mark.parametrize(
    ("name", "gate", "words"), [("color-500", "35mm", "colour-500"), ("bw-50", "35", "35mm")]
)
def test_an_unknown_stock_or_gate_is_refused_by_name(name: str, gate: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        stock(name, gate)
