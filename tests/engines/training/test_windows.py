"""Windows: clips as Denoise-SR's network over time sees them, and the training on them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from interneg.engines.training import scenes, train, windowed, windows
from interneg.engines.training.dice import Dice
from interneg.engines.training.networks import adopt, build, restore
from interneg.engines.training.temporal import alone
from interneg.engines.training.wear import clipped_mean, white, worn
from interneg.frame import Pixels
from interneg.restore.stack import PLANES


def texture(seed: int, side: int = 256) -> Pixels:
    rng = np.random.default_rng(seed)
    small = rng.random((side // 6, side // 6, 3)).astype(np.float32)
    return np.asarray(
        np.clip(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC), 0, 1), np.float32
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of a few windows, from a clip that is held out, ones that are not, and stills."""
    folder = tmp_path_factory.mktemp("windows")
    stills = folder / "stills"
    stills.mkdir()
    for n in range(5):
        cv2.imwrite(str(stills / f"{n}.png"), 255 * texture(n))
    for n in range(windows.HELD_EVERY):
        clip = folder / "clips" / f"{n}"
        clip.mkdir(parents=True)
        for t in range(scenes.FRAMES):
            picture = texture(10 + n)[t : t + 192, 2 * t : 2 * t + 192]
            cv2.imwrite(str(clip / f"{t}.png"), 255 * picture)
    out = folder / "windows.npz"
    words = ["--clips", str(folder / "clips"), "--stills", str(stills), "--data", "drawn textures (CC0)"]
    windows.main([str(out), *words, "--count", "6", "--seed", "4"])
    return out


def test_a_pack_holds_what_the_network_sees_and_the_truth(made: Path) -> None:
    pack = windowed.load(made, torch.device("cpu"))
    assert pack.stack.shape[1:] == (PLANES, windows.SIDE, windows.SIDE)
    assert len(pack.train) >= 6 and set(pack.held) == {0, 1, 2}
    assert pack.data == ("drawn textures (CC0)",)
    (one,), (five,) = pack.held[0].tolist(), pack.held[2].tolist()
    assert torch.equal(pack.stack[one, 3:5], pack.stack[one, 9:11])  # nobody to average it with
    assert not pack.stack[one, 6:9].any() and not pack.stack[one, 11:].any()
    errors = [
        float((pack.stack[n, :3].float() - pack.target[n].float()).square().mean()) for n in (one, five)
    ]
    assert errors[1] < 0.4 * errors[0]
    assert pack.stack[five, 3].float().mean() < 0.7 * pack.stack[one, 3].float().mean()


def test_draws_are_of_the_size_asked_for_and_truth_stays_with_its_stack(made: Path) -> None:
    pack = windowed.load(made, torch.device("cpu"))
    pack.stack[:, :3] = pack.target  # as if nothing were wrong with the average
    batch = windowed.draw(pack, 40, 16, Dice(3, torch.device("cpu")))
    assert batch.planes.shape == (16, PLANES, 40, 40)
    assert torch.equal(batch.planes[:, :3], batch.target)
    grey = [n for n in range(16) if not batch.target[n, 1:].any()]
    assert grey and not batch.planes[grey][:, [1, 2, 4, 7, 8, 10, 12, 13, 16, 17]].any()


def test_a_pack_of_other_planes_is_refused(made: Path, tmp_path: Path) -> None:
    with np.load(made) as pack:
        arrays = dict(pack)
    arrays["stack"] = arrays["stack"][:, :20]
    np.savez(tmp_path / "old.npz", **arrays)
    with pytest.raises(ValueError, match="20 planes"):
        windowed.load(tmp_path / "old.npz", torch.device("cpu"))


def test_a_network_over_time_begins_as_that_of_one_frame() -> None:
    standard, temporal = build("standard", [1]), build("temporal", [1])
    for pair in list(standard.trunks["folded"])[temporal_pairs(temporal) :]:
        assert not pair.second.weight.any()  # they add nothing yet
    adopt(temporal, standard.state_dict())
    planes = torch.rand(2, PLANES, 16, 16)
    seen = restore(standard, planes[:, :6], 1)
    torch.testing.assert_close(restore(temporal, planes, 1), seen)
    torch.testing.assert_close(restore(temporal, planes[:, :6], 1), seen)


def temporal_pairs(net: torch.nn.Module) -> int:
    return len(net.trunks["folded"])


def test_a_frame_alone_is_a_stack_without_neighbours() -> None:
    planes = torch.rand(1, 6, 4, 4)
    stack = alone(planes)
    assert stack.shape[1] == PLANES
    assert torch.equal(stack[:, 9:11], planes[:, 3:5])
    assert not stack[:, 6:9].any() and not stack[:, 11:].any()


def test_a_run_with_windows_trains_and_tells_their_figures(
    made: Path, pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "temporal.pt"
    words = ["temporal", "--pack", str(pack), "--windows", str(made), "--out", str(out), "--scales", "1"]
    words += [
        "--device",
        "cpu",
        "--batch",
        "3",
        "--single",
        "1",
        "--size",
        "24",
        "--steps",
        "2",
        "--warmup",
        "1",
    ]
    train.main([*words, "--best-by", windowed.names()[2]])
    assert "windows, 2 on each side" in capsys.readouterr().out
    saved = torch.load(out, weights_only=True)
    assert saved["step"] == 2 and "drawn textures (CC0)" in saved["data"]
    new = saved["net"]["trunks.folded.0.weight"][:, 6:]
    assert new.abs().max() > 0
    assert out.with_suffix(".best.pt").exists()


@pytest.mark.parametrize("words", [["lite", "--windows", "w"], ["temporal"], ["temporal", "--windows", "w"]])
def test_windows_go_with_the_network_over_time_at_its_own_size(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        train.parse([words[0], "--pack", "p", "--out", "o", *words[1:]])


@pytest.mark.slow
def test_stills_move_by_parts_of_pixels_and_damage_is_in_range() -> None:
    rng = np.random.default_rng(0)
    clip = scenes.drifting([texture(1), texture(2)], rng)
    assert len(clip) == scenes.FRAMES and {f.shape for f in clip} == {(208, 208, 3)}
    assert any(np.abs(a - b).max() > 0.01 for a, b in pairwise(clip))
    bright = scenes.sky([texture(1), texture(2)], rng)
    assert max(float(f.max()) for f in bright) == 1
    noisy = white(clip, 25, rng)
    codes = 255 * noisy.frames[0]
    assert noisy.told == 25 and codes.min() >= 0 and codes.max() <= 255
    np.testing.assert_allclose(codes, np.rint(codes), atol=1e-4)
    recorded = np.mean([white(clip, 25, rng).frames[0] for _ in range(400)], axis=0)
    np.testing.assert_allclose(noisy.truth[0], recorded, atol=0.035)
    assert abs(float((noisy.truth[0] - recorded).mean())) < 2e-4
    unclipped = white(clip, 25, rng, clipped=False)
    np.testing.assert_array_equal(unclipped.truth[0], clip[0])
    for seed in range(12):
        result = worn(clip, np.random.default_rng(seed))
        assert [f.shape for f in result.frames] == [f.shape for f in result.truth] == [f.shape for f in clip]
        assert all(np.isfinite(f).all() for f in [*result.frames, *result.truth])


def test_noise_that_is_clipped_at_white_darkens_it_by_its_mean() -> None:
    dark, middle, bright = clipped_mean(np.array([0, 0.5, 1], np.float32), np.array(0.1, np.float32))
    half = 0.1 / np.sqrt(2 * np.pi)
    np.testing.assert_allclose([dark, middle, bright], [half, 0.5, 1 - half], atol=1e-5)
