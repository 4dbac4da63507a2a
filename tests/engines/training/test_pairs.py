from dataclasses import replace
from pathlib import Path

import pytest
import torch

from interneg.engines.training.degrade import Mix
from interneg.engines.training.dice import Dice
from interneg.engines.training.losses import incoherence
from interneg.engines.training.pairs import draw_pairs, overlaps
from interneg.engines.training.tiles import load

CPU = torch.device("cpu")


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_both_frames_have_the_same_truth_where_they_show_the_same(pack: Path, scale: int) -> None:
    tiles, moves = load(pack, CPU), set()
    for seed in range(8):
        pairs = draw_pairs(tiles, scale, 40, 3, Dice(seed, CPU), Mix())
        moves.add(pairs.move)
        assert pairs.batch.planes.shape == (6, 6, 40, 40)
        assert pairs.batch.target.shape == (6, 3, 40 * scale, 40 * scale)
        first, second = overlaps(pairs.batch.target, pairs.move, 2)
        assert min(first.shape[-2:]) > 30 * scale
        torch.testing.assert_close(first, second, rtol=0, atol=1e-6)
        assert float(incoherence(pairs.batch.target, pairs.move, 2, knee=1e-6)) < 1e-5
    assert len(moves) > 2


def test_the_noise_map_is_the_noise_that_averaging_leaves(pack: Path) -> None:
    tiles, mix = load(pack, CPU), Mix(grey=0, log=0)
    levels = []
    for seed in range(10):
        batch = draw_pairs(tiles, 1, 104, 2, Dice(seed, CPU), mix).batch
        for sample, truth in zip(batch.planes, batch.target, strict=True):
            stated, left = float(sample[3].square().mean().sqrt()), float((sample[0] - truth[0]).std())
            # Interpolation takes some of the others' noise; the map counts all of it, as the node's does.
            assert 0.7 * stated - 5e-4 < left < 1.15 * stated + 5e-4
            levels.append(stated)
    assert max(levels) > 20 / 255
    uneven = [
        float(draw_pairs(tiles, 1, 104, 1, Dice(s, CPU), mix).batch.planes[0, 3].std()) for s in range(8)
    ]
    assert max(uneven) > 1e-3 > min(uneven)


def test_pairs_are_seeded_and_of_the_tiles_that_are_trained_on(pack: Path) -> None:
    tiles = load(pack, CPU)
    first, again, other = (draw_pairs(tiles, 2, 40, 2, Dice(seed, CPU), Mix()).batch for seed in (3, 3, 4))
    assert torch.equal(first.planes, again.planes)
    assert not torch.equal(first.planes, other.planes)
    one = replace(tiles, train=tiles.train[:1])
    black = replace(one, full=one.full | {1: torch.zeros_like(one.full[1])})
    assert float(draw_pairs(black, 2, 40, 2, Dice(3, CPU), Mix(log=0)).batch.target.abs().max()) == 0


def test_incoherence_is_what_errors_have_apart_and_not_what_they_share() -> None:
    torch.manual_seed(0)
    truth = torch.rand(1, 3, 42, 42)
    clean = torch.cat((truth[..., 2:, 1:41], truth[..., :40, :40]))
    assert float(incoherence(clean + 0.1, (2, 1), 3, knee=1e-6)) < 1e-5
    unlike = clean.clone()
    unlike[0, 0] += 0.1
    unlike.requires_grad_()
    loss = incoherence(unlike, (2, 1), 3, knee=1e-6)
    assert loss.item() == pytest.approx(0.1, rel=1e-4)
    loss.backward()
    assert unlike.grad is not None
    torch.testing.assert_close(unlike.grad[0, 0].sum(), -unlike.grad[1, 0].sum())
    assert float(unlike.grad[0, 0, 10, 10]) > 0 == float(unlike.grad[0, 0, 0, 0])
