"""The training of the network that finds damage: what it is drawn from, and that it learns."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from interneg.defects.detector import CHANNELS, FINDER
from interneg.engines.models import load_catalogue
from interneg.engines.training import find, find_pack, find_scans
from interneg.engines.training.find_damage import (
    KINDS,
    Layer,
    damaged,
    held_out,
    read_pieces,
    read_real,
    streak,
)
from interneg.engines.training.find_movers import cords, movers
from interneg.engines.training.find_net import Find
from interneg.engines.training.find_scenes import distracted, scanned, shot
from interneg.engines.training.networks import adopt
from interneg.frame import Pixels

Drawn = Callable[[list[Pixels], np.random.Generator], None]
SIZE = (64, 72)


def clip(count: int = 9) -> list[Pixels]:
    rng = np.random.default_rng(0)
    large = cv2.resize(rng.uniform(0.2, 0.8, (12, 16)).astype(np.float32), (100, 80))
    return [np.ascontiguousarray(large[t : t + SIZE[0], t : t + SIZE[1]]) for t in range(count)]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Discs of random size as pieces, a dozen of each kind."""
    path, rng = tmp_path_factory.mktemp("damage") / "damage.tar", np.random.default_rng(1)
    with tarfile.open(path, "w") as tar:
        for kind in KINDS:
            for k in range(12):
                codes = np.zeros((400, 400), np.uint8)
                cv2.circle(codes, (200, 200), int(rng.integers(20, 120)), 255, -1)
                data = cv2.imencode(".png", codes)[1].tobytes()
                info = tarfile.TarInfo(f"./{kind}/{kind}-{k:03}.png")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        for number, count in ((1, 400), (2, 300), (3, 50)):
            data = json.dumps(_annotations(count, rng)).encode()
            info = tarfile.TarInfo(f"./scan_annotations/Scan_({number}).json")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def _annotations(count: int, rng: np.random.Generator) -> dict[str, object]:
    """Squares of dirt, and now and then a long one that is a scratch, on a scan of 1000 pixels' side."""
    made: dict[str, object] = {}
    for k in range(count):
        x, y, wide = (int(v) for v in rng.integers((0, 0, 8), (900, 900, 30)))
        high = 90 if k % 10 == 0 else wide
        corners = [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)]
        points = [{"figure_id": None, "x": px, "y": py} for px, py in corners]
        made[str(k)] = {"points": points, "label": {"id": 1, "name": "Scratch" if k % 10 == 0 else "Dust"}}
    return made


def test_a_quarter_is_held_out_by_its_name_alone(archive: Path) -> None:
    names = [f"dirt-{k:03}.png" for k in range(1000)]
    held = [n for n in names if held_out(n)]
    assert 180 < len(held) < 320 and held == [n for n in names if held_out(f"./dirt/{n}")]
    used, kept = (read_pieces(archive, held) for held in (False, True))
    for kind in KINDS:
        assert len(used[kind]) + len(kept[kind]) == 12 and used[kind]
    assert sum(map(len, kept.values())) > 0


def test_damage_lies_where_it_says(archive: Path) -> None:
    real = read_real(archive, held=False)
    clean, layers = clip(), []
    for seed in range(6):
        layers += list(zip(damaged(clean, real, np.random.default_rng(seed)), clean, strict=True))
    assert any(layer.dirt.max() > 0.9 for layer, _ in layers)
    assert any(layer.scratch.max() > 0.3 for layer, _ in layers)
    for layer, own in layers:
        none = np.maximum(layer.dirt, layer.scratch) == 0
        np.testing.assert_array_equal(layer.picture[none], own[none])
        assert layer.picture.min() >= -1 and layer.picture.max() <= 2


def test_scans_with_even_numbers_are_held_out_and_those_with_few_pieces_left_out(archive: Path) -> None:
    (used,), (kept,) = (find_scans.read_scans(archive, held) for held in (False, True))
    assert [len(scan.outlines["dirt"]) for scan in (used, kept)] == [360, 270]
    assert [len(scan.outlines["scratches"]) for scan in (used, kept)] == [40, 30]
    assert all(300 < side < 500 for side in used.size)


def test_a_part_of_a_scan_lies_within_the_frame_and_is_as_dense_at_any_size(archive: Path) -> None:
    scan = find_scans.read_scans(archive, False)[0]
    for scale in (0.7, 1.4):
        counts = []
        for seed in range(20):
            part = find_scans.part_of(scan, (100, 120), np.random.default_rng(seed), scale)
            for _, outline in part:
                assert (outline.max(axis=0) > 0).all() and (outline.min(axis=0) < (120, 100)).all()
            counts.append(len(part))
        expected = 400 * 100 * 120 / scale**2 / np.prod(scan.size)
        assert 0.7 * expected < np.mean(counts) < 2 * expected  # those cut by the edge count as well


def test_an_outline_is_filled_where_it_lies() -> None:
    corners = np.array([(10.0, 20.0), (18.0, 20.0), (18.0, 25.0), (10.0, 25.0)])
    alpha, top, left = find_scans.patch(corners)
    rows, columns = np.nonzero(alpha > 0.5)
    assert (top + rows.min(), top + rows.max(), left + columns.min(), left + columns.max()) == (
        20,
        24,
        10,
        17,
    )
    assert alpha.sum() == pytest.approx(8 * 5, rel=0.15)


def test_a_streak_is_long_thin_and_a_scratch() -> None:
    clean, rng, seen = np.full((200, 300), 0.5, np.float32), np.random.default_rng(4), 0
    for _ in range(12):
        layer = Layer(clean.copy(), np.zeros_like(clean), np.zeros_like(clean))
        streak(layer, rng)
        assert (layer.picture == clean)[layer.scratch == 0].all()
        assert not layer.dirt.any() and layer.scratch.max() <= 1
        rows, columns = np.nonzero(layer.scratch > 0.2)
        if len(rows) > 100:
            long = np.hypot(np.ptp(rows), np.ptp(columns))
            seen += 1
            assert len(rows) <= 10 * long
    assert seen > 5


def test_only_what_is_seen_counts_as_covered() -> None:
    own = np.full((40, 40), 0.5, np.float32)
    layer = Layer(own.copy(), np.zeros_like(own), np.zeros_like(own))
    layer.lay(np.full((4, 4), 0.9, np.float32), 0.9, 5, 5, False)
    layer.lay(np.full((4, 4), 0.9, np.float32), 0.501, 20, 5, False)
    layer.lay(np.full((40, 2), 0.4, np.float32), 0.9, 0, 30, True)
    dirt, scratch = find_pack.covered(layer, own)
    assert (dirt[5:9, 5:9] == 1).all() and dirt.sum() == 16
    assert (scratch[:, 30:32] == 1).all() and scratch.sum() == 80


def test_what_is_no_damage_is_laid_on_some_clips_and_always_the_same() -> None:
    own = clip()
    changed = 0
    for seed in range(40):
        made, again = (distracted(own, np.random.default_rng(seed)) for _ in range(2))
        np.testing.assert_array_equal(np.stack(made), np.stack(again))
        assert np.isfinite(np.stack(made)).all()
        changed += bool((np.stack(made) != np.stack(own)).any())
    assert 10 < changed < 30
    looks = shot(own, np.random.default_rng(3))
    assert np.stack(looks).shape == (9, *SIZE) and np.isfinite(np.stack(looks)).all()
    codes = 255 * scanned(looks[0], np.random.default_rng(0), 60)
    np.testing.assert_allclose(codes, np.rint(codes), atol=1e-3)


@pytest.mark.parametrize("drawn", [movers, cords])
@pytest.mark.parametrize("seed", range(12))
def test_things_that_move_are_drawn_into_every_frame_and_stay_pictures(seed: int, drawn: Drawn) -> None:
    clip = [np.full((120, 160), 0.45, np.float32) for _ in range(5)]
    drawn(clip, np.random.default_rng(seed))
    assert all(p.dtype == np.float32 and p.min() >= 0 and p.max() <= 1 for p in clip)
    again = [np.full((120, 160), 0.45, np.float32) for _ in range(5)]
    drawn(again, np.random.default_rng(seed))
    np.testing.assert_array_equal(np.stack(clip), np.stack(again))


@pytest.mark.parametrize("drawn", [movers, cords])
def test_things_that_move_are_seen(drawn: Drawn) -> None:
    changed = 0
    for seed in range(12):
        clip = [np.full((120, 160), 0.45, np.float32) for _ in range(5)]
        drawn(clip, np.random.default_rng(seed))
        changed += any((p != clip[0]).any() for p in clip[1:])
    assert changed >= 8


@pytest.fixture(scope="module")
def packs(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A pack of one clip, and that of one that is held out."""
    folder = tmp_path_factory.mktemp("find")
    names = [f"{k:04}" for k in range(30)]
    for held in (False, True):
        name = next(n for n in names if held_out(n) == held)
        (folder / "clips" / name).mkdir(parents=True)
        for k, picture in enumerate(clip()):
            cv2.imwrite(str(folder / "clips" / name / f"{k:02}.jpg"), np.uint8(255 * picture))
    for pack, options in (("pack", []), ("held", ["--held"])):
        arguments = [str(folder / "clips"), str(archive), str(folder / pack), "--repeats", "1", *options]
        find_pack.main(arguments)
    return folder / "pack", folder / "held"


def test_a_pack_holds_what_the_node_sees(packs: tuple[Path, Path]) -> None:
    for pack in packs:
        (part,) = pack.glob("*.planes.npy")
        planes, truth = np.load(part), np.load(find_pack.truth_of(part))
        assert planes.shape == (6, len(CHANNELS), *SIZE) and truth.shape == (6, 2, *SIZE)
        assert np.isfinite(planes).all() and truth.dtype == np.uint8
    names = [next(p.glob("*.planes.npy")).name for p in packs]
    assert names[0] != names[1]


def test_a_pack_may_have_stills_that_move(archive: Path, tmp_path: Path) -> None:
    rng, stills = np.random.default_rng(4), tmp_path / "stills"
    for folder in (stills, tmp_path / "clips"):
        folder.mkdir()
    for k in range(12):
        texture = cv2.GaussianBlur(rng.uniform(0, 255, (256, 256, 3)).astype(np.float32), (0, 0), 2)
        cv2.imwrite(str(stills / f"{k:02}.png"), np.uint8(np.clip(3 * texture - 255, 0, 255)))
    arguments = [str(tmp_path / "clips"), str(archive), str(tmp_path / "pack"), "--repeats", "0"]
    find_pack.main([*arguments, "--stills", str(stills), "--drifting", "2"])
    parts = sorted((tmp_path / "pack").glob("*.planes.npy"))
    assert [p.name for p in parts] == ["stills-0.planes.npy", "stills-1.planes.npy"]
    planes, truth = np.load(parts[0]), np.load(find_pack.truth_of(parts[0]))
    assert planes.shape == (6, len(CHANNELS), 208, 208) and truth.shape == (6, 2, 208, 208)
    assert not np.array_equal(planes, np.load(parts[1]))


def test_the_network_has_the_size_and_reach_that_it_states() -> None:
    net = Find()
    # 4 MiB in fp32, as the catalogue takes networks.
    assert sum(p.numel() for p in net.parameters()) <= 2**20
    planes = torch.rand(1, len(CHANNELS), 192, 192, requires_grad=True)
    edge = slice(96, 96 + net.multiple)
    net.logits(planes)[..., edge, edge].sum().backward()
    seen = planes.grad.abs().sum((0, 1, 2)).nonzero()
    assert 96 - net.halo <= seen.min() and seen.max() < 96 + net.multiple + net.halo
    answer = net(planes)
    assert answer.shape == (1, 2, 192, 192) and answer.min() > 0 and answer.max() < 1


def test_training_goes_on_where_it_stopped(packs: tuple[Path, Path], tmp_path: Path) -> None:
    checkpoint = tmp_path / "find.pt"
    options = [*map(str, packs), str(checkpoint), "--batch", "2", "--size", "48"]
    find.main([*options, "--minutes", "0.02"])
    first = torch.load(checkpoint, weights_only=True)
    find.main([*options, "--minutes", "0.04"])
    second = torch.load(checkpoint, weights_only=True)
    assert 0 < first["step"] < second["step"] and second["spent"] >= 2.4
    assert set(first["figures"]) >= {"loss", "dirt precision", "scratch recall"}
    name = "stem.weight"
    assert (first["average"][name] != second["average"][name]).any()


def test_training_begins_from_the_weights_of_a_catalogue(packs: tuple[Path, Path], tmp_path: Path) -> None:
    start = Path(load_catalogue()[FINDER].file("fp32").file)
    checkpoint = tmp_path / "find.pt"
    options = ["--batch", "1", "--size", "48", "--minutes", "0.001", "--lr", "1e-9", "--start", str(start)]
    find.main([*map(str, packs), str(checkpoint), *options])
    saved = torch.load(checkpoint, weights_only=True)
    for name, value in find.weights_of(start).items():
        assert torch.allclose(saved["weights"][name], value, atol=1e-4)
    assert saved["options"].endswith(f"--start {start.name}")


def test_a_wider_network_begins_from_a_narrower_one(packs: tuple[Path, Path], tmp_path: Path) -> None:
    start = Path(load_catalogue()[FINDER].file("fp32").file)
    checkpoint, wide = tmp_path / "find.pt", [16, 60, 104]
    options = ["--batch", "1", "--size", "48", "--minutes", "0.001", "--lr", "1e-9", "--start", str(start)]
    find.main([*map(str, packs), str(checkpoint), *options, "--widths", *map(str, wide)])
    saved = torch.load(checkpoint, weights_only=True)
    assert saved["widths"] == wide
    narrow, net = Find().eval(), Find(wide).eval()
    narrow.load_state_dict(find.weights_of(start))
    net.load_state_dict(saved["weights"])
    adopt(net, find.weights_of(start))
    planes = torch.rand(1, len(CHANNELS), 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(net(planes), narrow(planes), rtol=0, atol=1e-5)


def test_a_share_of_a_batch_is_noise_without_damage_where_it_is_asked_for(packs: tuple[Path, Path]) -> None:
    parts = find.Parts(packs[0])
    for share, few, many in ((0.0, 0, 0), (0.1, 8, 35), (1.0, 200, 200)):
        planes, truth = parts.batch(np.random.default_rng(0), 200, 48, share)
        luma = planes[:, 0].numpy()
        rough = [abs(np.corrcoef(p[:, :-1].ravel(), p[:, 1:].ravel())[0, 1]) < 0.1 for p in luma]
        assert few <= sum(rough) <= many and not truth[rough].any()
