from pathlib import Path

import numpy as np
import pytest
import torch

from interneg.engines.training import degrade, levels
from interneg.engines.training.colour import linear_to_acescct, rgb_to_ycc, ycc_to_rgb
from interneg.engines.training.degrade import Mix, draw
from interneg.engines.training.dice import Dice
from interneg.engines.training.jpeg import jpeg
from interneg.engines.training.losses import blockiness, overshoot, restoration_loss
from interneg.engines.training.resample import blur_kernel, matrix, resize
from interneg.engines.training.tiles import load, pack_filter, pack_unfilter

CPU = torch.device("cpu")


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_batches_are_seeded(pack: Path, scale: int) -> None:
    tiles = load(pack, CPU)
    dice = [Dice(5, CPU), Dice(5, CPU), Dice(6, CPU)]
    first, again, other = [[draw(tiles, scale, 40, 6, d, Mix()) for _ in range(4)] for d in dice]
    assert all(torch.equal(a.planes, b.planes) for a, b in zip(first, again, strict=True))
    assert all(torch.equal(a.target, b.target) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a.planes, b.planes) for a, b in zip(first, other, strict=True))
    assert first[0].planes.shape == (6, 6, 40, 40)
    assert first[0].target.shape == (6, 3, 40 * scale, 40 * scale)
    assert all(bool(torch.isfinite(b.planes).all() and torch.isfinite(b.target).all()) for b in first)


@pytest.mark.parametrize("scale", [2, 4])
def test_clean_samples_carry_the_zero_condition(pack: Path, scale: int) -> None:
    batch = draw(load(pack, CPU), scale, 40, 8, Dice(1, CPU), Mix(clean=1, noisy=0, coded=0, edges=0, log=0))
    assert float(batch.planes[:, 3:].abs().max()) == 0.0


def test_the_noise_map_is_the_noise(pack: Path) -> None:
    tiles, mix = load(pack, CPU), Mix(clean=0, noisy=1, coded=0, edges=0, grey=0)
    for seed in range(4):
        batch = draw(tiles, 1, 120, 4, Dice(seed, CPU), mix)
        noise = (batch.planes[:, :3] - batch.target).std((2, 3))
        expected = batch.planes[:, 3:5, 0, 0]
        torch.testing.assert_close(noise[:, 0], expected[:, 0], rtol=0.06, atol=1e-4)
        torch.testing.assert_close(noise[:, 1:].mean(1), expected[:, 1], rtol=0.08, atol=1e-4)


def test_grey_samples_have_neither_colour_nor_colour_noise(pack: Path) -> None:
    batch = draw(load(pack, CPU), 2, 40, 8, Dice(2, CPU), Mix(grey=1.0))
    assert float(batch.planes[:, [1, 2, 4]].abs().max()) == 0.0
    assert float(batch.target[:, 1:].abs().max()) == 0.0


def test_rich_samples_always_carry_a_condition(pack: Path) -> None:
    tiles, mix = load(pack, CPU), Mix(clean=0, noisy=0, coded=0, edges=0)
    for seed in range(12):
        batch = draw(tiles, 2, 40, 2, Dice(seed, CPU), mix)
        assert float(batch.planes[:, 3:].amax()) > 0.0


def test_gradients_are_told_of_noise_that_is_mostly_not_there(pack: Path) -> None:
    tiles, mix = load(pack, CPU), Mix(clean=0, noisy=0, coded=0, edges=0, gradients=1)
    for scale in (1, 2, 4):
        batch = draw(tiles, scale, 40, 32, Dice(scale, CPU), mix)
        assert batch.smooth == batch.drawn == 32
        assert float(batch.planes[:, 3].min()) > 0
        slopes = batch.target.diff(dim=-1).abs().amax((1, 2, 3))
        assert float(slopes.max()) < 0.02
        assert float(slopes.min()) < 0.001
        if scale == 1:
            apart = (batch.planes[:, :3] - batch.target).abs().amax((1, 2, 3))
            assert 0.25 < float((apart < 1e-6).float().mean()) < 0.75
            assert float((apart > 2 * batch.planes[:, 3, 0, 0]).float().mean()) > 0.1


def test_drawn_gradients_come_first_and_count_however_small_their_error(pack: Path) -> None:
    tiles = load(pack, CPU)
    batch = draw(tiles, 1, 40, 16, Dice(3, CPU), Mix(gradients=0.3, edges=0.03))
    assert 0 < batch.smooth <= batch.drawn < 16
    costs = []
    for smooth in (0, batch.smooth):
        right, off = (
            restoration_loss(p, batch.target, smooth=smooth, knee=0.02)
            for p in (batch.target, batch.target + 0.001)
        )
        costs.append(float(off - right))
    assert costs[1] > 3 * costs[0]


def test_jpeg_gets_worse_with_quality_and_says_so() -> None:
    ycc = rgb_to_ycc(torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)))
    errors, found = [], []
    for quality in (90.0, 50.0, 10.0):
        coded, q = jpeg(ycc, torch.tensor([quality]), Dice(0, CPU))
        errors.append(float((coded - ycc)[:, 0].abs().mean()))
        found.append(float(q))
        assert found[-1] == pytest.approx(levels.from_jpeg_quality(quality), abs=0.02)
    assert errors == sorted(errors)
    assert found == sorted(found)


def test_levels_agree_between_codecs() -> None:
    assert levels.from_h264_qp(0) == 0.0
    assert levels.from_h264_qp(51) == pytest.approx(1.0, abs=0.01)
    assert levels.from_h264_qp(37) == pytest.approx(0.70, abs=0.01)
    assert levels.from_mpeg2_qscale(22) == pytest.approx(levels.from_h264_qp(37), abs=0.01)


def test_colour_round_trip_and_acescct_anchor() -> None:
    rgb = torch.rand(1, 3, 8, 8) * 3 - 1
    torch.testing.assert_close(ycc_to_rgb(rgb_to_ycc(rgb)), rgb, rtol=1e-5, atol=2e-5)
    anchors = linear_to_acescct(torch.tensor([0.0, 0.18, 1.0]))
    torch.testing.assert_close(anchors, torch.tensor([0.0729055, 0.4135884, 0.5547945]), rtol=0, atol=1e-5)


def test_resizers_keep_constants_and_nearest_picks() -> None:
    for name in degrade.RESIZERS:
        assert matrix(48, 24, name).sum(1) == pytest.approx(np.ones(24))
    flat = torch.full((1, 3, 40, 40), 0.3)
    torch.testing.assert_close(resize(flat, 10, 10, "bicubic"), torch.full((1, 3, 10, 10), 0.3))
    with pytest.raises(ValueError, match="resizer"):
        matrix(48, 24, "sinc")


def test_bicubic_is_the_protocols() -> None:
    weights = matrix(16, 8, "bicubic")[4]
    taps = [-0.01171875, -0.03515625, 0.11328125, 0.43359375]
    assert weights[5:9] == pytest.approx(taps)


def test_blur_kernels_sum_to_one() -> None:
    two = torch.tensor([0.8, 1.5])
    for kind in ("gaussian", "disc", "airy"):
        torch.testing.assert_close(blur_kernel(kind, 13, two, two, two).sum((1, 2)), torch.ones(2))


def test_packed_pixels_come_back() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    assert np.array_equal(pack_unfilter(pack_filter(pixels)), pixels)


def test_borders_are_where_the_codec_put_them(pack: Path) -> None:
    """The drawn "codec" of the pack has no blocks: cut a picture of 8x8 blocks in its place."""
    tiles = load(pack, CPU)
    blocks = (torch.arange(256) // 8 % 2 * 200).to(torch.uint8)
    tiles.coded[1].pixels[:] = (blocks[None, :] ^ blocks[:, None])[None, :, :, None]
    for seed in range(8):
        batch = draw(tiles, 1, 40, 4, Dice(seed, CPU), Mix(clean=0, noisy=0, coded=1, edges=0))
        assert batch.borders is not None
        luma = batch.planes[:, :1]
        for axis, marked in ((-1, batch.borders[:, :1]), (-2, batch.borders[:, 1:])):
            steps = luma.diff(dim=axis).abs() > 0.1
            pairs = marked.narrow(axis, 1, 39) * marked.narrow(axis, 0, 39) > 0
            assert torch.equal(steps, pairs)
        assert float(blockiness(luma, torch.zeros_like(luma), batch.borders)) > 0.5


def test_overshoot_counts_only_what_leaves_the_range() -> None:
    clean = torch.zeros(1, 1, 9, 9)
    clean[..., 4:] = 1.0
    assert float(overshoot(clean, clean)) == 0.0
    assert float(overshoot(clean * 1.1, clean)) == pytest.approx(0.1 * 5 / 9, rel=1e-5)


def test_loss_gradient() -> None:
    torch.manual_seed(0)
    result = torch.rand(4, 3, 8, 8, dtype=torch.double, requires_grad=True)
    target = torch.rand(4, 3, 8, 8, dtype=torch.double)
    assert torch.autograd.gradcheck(lambda r: restoration_loss(r, target), (result,), eps=1e-7, atol=1e-4)


def test_colour_counts_as_much_as_is_asked() -> None:
    target = torch.zeros(1, 3, 8, 8)
    bluish = target.clone()
    bluish[:, 1] = 0.1
    half, whole = (float(restoration_loss(bluish, target, knee=1e-6, colour=c)) for c in (1.0, 2.0))
    assert [half, whole] == pytest.approx([0.05, 0.1], rel=1e-3)
