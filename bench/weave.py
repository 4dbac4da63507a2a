"""Gate weave taken out of pans of every kind and of filmed clips: window, whole shot, and FFmpeg's vidstab.

Weave is 2 px and 0.12 degrees, new in each frame or alike for two, in three seeds. What is measured is
said in `bench/shaken.py`; of vidstab, the one of three smoothings that removes most of that very clip.
The smoothers were set on simulated ways (`bench/paths.py`), and how quick a camera may be on goat, libby and
dance-twirl; the figures are of the other three clips. What is reached is held against what lines, parabolas
and the best trend filter make of the same motion, exactly measured; on filmed clips, of the motion that the
clean clip is measured to have.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np

from bench import damage, paths
from bench.damage import Image, Take, Track, decoded
from bench.dirt import HELD_OUT
from bench.shaken import Result, Shot, way_of
from bench.table import Row, at_least, at_most

COUNT, LONG = 40, 120
SEEDS = (11, 12, 13)
MEMORIES = (0.4, 2.0)
PANS = ("even", "eased", "at rest, then moving", "hand-held")
Figures = dict[str, list[list[float]]]
WINDOW, WHOLE, PEER = "window", "with an analysis", "vidstab at its best"


def rows(data: Path, out: Path) -> Iterator[Row]:
    """Mean and worst over clips and seeds. data: the folder with train/stills_00.tar and footage/clips."""
    stills, clips = data / "train" / "stills_00.tar", data / "footage" / "clips"
    if stills.is_file():
        # Tiles that nothing was set on.
        still = damage.still(stills, columns=7, first=32)
        seen: list[tuple[int, Figures]] = []
        for count, name in product((COUNT, LONG), PANS):
            shots = (
                (f"{name}{count}{seed}", list(damage.shoot(still, camera(name, count, int(seed)), shake)))
                for seed, shake in _shakes(count)
            )
            seen.append((count, _measured(shots, out)))
            yield from _told(f"pan {name}, {count} frames", seen[-1][1])
            ways = [camera(name, count, int(seed))[:, :2].T for seed, _ in _shakes(count)]
            yield from _bound(f"pan {name}, {count} frames", ways, seen[-1][1])
        yield from _over_pans(seen)
        yield from _warped(still, [f for count, f in seen if count == COUNT], out)
    folders = [clips / name for name in HELD_OUT if (clips / name).is_dir()]
    if folders:
        takes = ((f"{f.name}{seed}", filmed(f, s)) for f in folders for seed, s in _shakes(COUNT))
        figures = _measured(takes, out)
        yield from _told("filmed clips", figures)
        ways = [way_of(take.truth for take in filmed(f, np.zeros((COUNT, 3)))) for f in folders]
        yield from _bound("filmed clips", [way for way in ways for _ in SEEDS], figures)
        yield from _filmed_warp(folders, out)


def camera(name: str, count: int, seed: int) -> Track:
    """Where the middle of the frame lies from that of the still, pixels, and its rotation; (count, 3)."""
    if name == "hand-held":
        return damage.hand_held(count, seed)
    u = np.arange(count) / (count - 1)
    way = (
        180
        * {"even": u, "eased": u * u * (3 - 2 * u), "at rest, then moving": np.maximum(2 * u - 1, 0)}[name]
    )
    return np.stack([way - 90, 0.15 * way, 0 * way], 1)


def filmed(folder: Path, shake: Track, warps: Iterator[Image] | None = None) -> list[Take]:
    """The first frames of a clip with weave, and warps, if any; beyond its edges it is mirrored."""
    files = sorted(folder.glob("*.jpg"))[: len(shake)]
    pictures: list[Image] = [decoded(f.read_bytes()) for f in files]
    still = np.zeros((1, 3))
    return [next(damage.shoot(p, still, shake[k : k + 1], warps)) for k, p in enumerate(pictures)]


def _shakes(count: int) -> Iterator[tuple[str, Track]]:
    """Weave by seed: new in each frame, and in the last one alike for two."""
    for k, seed in enumerate(SEEDS):
        memory = MEMORIES[k == len(SEEDS) - 1]
        yield str(seed), damage.weave(count, memory=memory, seed=seed)


def _measured(shots: Iterator[tuple[str, list[Take]]], out: Path) -> Figures:
    """By each way, of each shot: weave removed, %; drift, all along and at the ends, pixels; PSNR gained."""
    figures: Figures = {WINDOW: [], WHOLE: [], PEER: []}
    for name, takes in shots:
        shot = Shot(f"weave{''.join(c for c in name if c.isalnum())}", takes, out, len(takes))
        results: dict[str, Result] = {WINDOW: shot.stabilised(), WHOLE: shot.analysed()}
        peers = [result for _, result in shot.vidstab()]
        if peers:
            results[PEER] = max(peers, key=lambda result: shot.removed(result, 1))
        for kind, result in results.items():
            gain = shot.psnr(result) - shot.psnr(shot.damaged)
            removed = 100 * shot.removed(result, 1)
            figures[kind].append([removed, shot.drift(result), shot.ends(result), gain])
    return figures


def _told(what: str, figures: Figures) -> Iterator[Row]:
    for kind, of in ((k, np.array(v)) for k, v in figures.items() if v):
        removed, drift, ends, gain = of.T
        text = (
            f"{removed.mean():.0f} % (worst {removed.min():.0f}), drift {drift.mean():.2f} px "
            f"({drift.max():.2f}), at the ends {ends.mean():.2f} px ({ends.max():.2f}), "
            f"PSNR {gain.mean():+.1f} dB ({gain.min():+.1f})"
        )
        yield Row(f"weave, {what}: {kind}", "", text, None)


def _bound(what: str, true: list[Track], figures: Figures) -> Iterator[Row]:
    """What was reached on measured motion, against what can be made of the same motion exactly measured.

    true: where the camera points in each shot, in the order of the seeds, (2, N) pixels each.
    """
    ways = np.stack(true)
    shakes = [shake[:, :2].T for _, shake in _shakes(ways.shape[-1])]
    # Where the gate moves the picture to the right, the middle of the frame shows what lies to the left.
    columns = paths.columns_of(ways, ways - np.stack(shakes * (len(ways) // len(shakes))), centred=True)
    # Drift there is that of both axes.
    both = np.array([1, np.sqrt(2), np.sqrt(2)])
    made = {p: both * np.mean(figures[k], 0)[:3] for p, k in ((paths.WHOLE, WHOLE), (paths.WINDOW, WINDOW))}
    yield from paths.against(f"weave, {what}", made, columns)


def _warped(still: Image, flat: list[Figures], out: Path) -> Iterator[Row]:
    """The same weave with 1 px of warp in each frame, on pans of 40 frames. flat: by PANS, without it."""
    chosen = ("even", "hand-held")
    found: dict[str, list[tuple[float, float]]] = {WINDOW: [], WHOLE: []}
    for name, (seed, shake) in product(chosen, _shakes(COUNT)):
        takes = damage.shoot(still, camera(name, COUNT, int(seed)), shake, damage.warp(COUNT, seed=int(seed)))
        shot = Shot(f"warped{name.replace('-', '')}{seed}", takes, out, COUNT)
        for kind, result in ((WINDOW, shot.stabilised("warp=1")), (WHOLE, shot.analysed("warp=1"))):
            found[kind].append((100 * shot.removed(result, 1), 100 * shot.unbent(result)))
    for kind, goal, most in ((WHOLE, 75, 3), (WINDOW, 70, 4)):
        rigid, bent = np.array(found[kind]).T
        what = f"weave and 1 px of warp, pans even and hand-held, 40 frames, warp=1, {kind}"
        yield Row(f"{what}: weave removed (worst {rigid.min():.0f})", "", f"{rigid.mean():.0f} %", None)
        without = np.mean([row[0] for name in chosen for row in flat[PANS.index(name)][kind]])
        lost = float(without - rigid.mean())
        yield at_most(f"{what}: less than without warp by", most, lost, "points")
        yield at_least(f"{what}: warp removed (worst {bent.min():.0f})", goal, float(bent.mean()), "%")


def _filmed_warp(folders: list[Path], out: Path) -> Iterator[Row]:
    """What warp=1 makes of filmed clips, buckled by 1 px and flat; in these the camera travels."""
    seed, shake = next(_shakes(COUNT))
    found: dict[str, list[tuple[float, float, float]]] = {WINDOW: [], WHOLE: []}
    for folder in folders:
        clip = folder.name.replace("-", "")
        buckled = Shot(f"warped{clip}", filmed(folder, shake, damage.warp(COUNT, seed=int(seed))), out, COUNT)
        flat = Shot(f"flat{clip}", filmed(folder, shake), out, COUNT)
        for kind in found:
            made = [
                s.stabilised("warp=1") if kind == WINDOW else s.analysed("warp=1") for s in (buckled, flat)
            ]
            found[kind].append((100 * buckled.unbent(made[0]), flat.bent(made[1]), flat.bent(flat.damaged)))
    for kind, of in found.items():
        removed, bent, seen = np.array(of).T
        text = (
            f"{removed.mean():.0f} % (worst {removed.min():.0f}); flat film is bent by {bent.mean():.2f} px "
            f"rms ({bent.max():.2f}) after it, as seen, and by {seen.mean():.2f} px before"
        )
        yield Row(f"weave and 1 px of warp, filmed clips, warp=1, {kind}: warp removed", "", text, None)


def _over_pans(seen: list[tuple[int, Figures]]) -> Iterator[Row]:
    """The mean of pans of every kind, and the worst."""
    long = [row[0] for count, figures in seen if count == LONG for row in figures[WHOLE]]
    yield at_least("weave, pans of 120 frames: removed with an analysis, mean", 96, float(np.mean(long)), "%")
    for kind, goal in ((WHOLE, 4.0), (WINDOW, 2.5)):
        gains = [row[3] for _, figures in seen for row in figures[kind]]
        yield at_least(f"weave, all pans: PSNR over the input, {kind}, mean", goal, float(np.mean(gains)))
        yield at_least(f"weave, all pans: PSNR over the input, {kind}, worst", 0, float(np.min(gains)))
