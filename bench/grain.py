"""GrainMatch on plates of known truth, on clips that it was not tuned on, with peers in the same run.

A plate is a clip of half size, as a part of a 2K scan, with grain of a stock laid on by a Fourier transform:
not by the generator that is measured. Filmed clips have noise of their own, of 2 to 4 codes, which would be
measured with the grain: they are softened first, but where grain is removed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import cv2
import numpy as np

from bench import grain_class, grain_scans, peers
from bench.dirt import HELD_OUT
from bench.grain_distance import BAND, correlation_error, divergence, spectrum_distance
from bench.grain_plates import Bench, Plate, measured_profile, through_ffmpeg
from bench.grain_truth import truth_of
from bench.table import Row, at_least, at_most
from interneg.colour import Colour
from interneg.engines.source import Engines
from interneg.frame import Pixels
from interneg.grain.av1 import Encode, fit, matrix_of
from interneg.grain.av1_player import applied
from interneg.grain.encoding import from_codes
from interneg.grain.measure import measure, profile_of
from interneg.grain.profile import GrainProfile
from interneg.grain.profile_file import text
from interneg.grain.scale import at_pitch
from interneg.grain.stocks import stock
from interneg.grain.synthesis import Grain, laid
from interneg.memo import Memo
from interneg.node import Context, Node
from interneg.nodes.denoise_sr import DenoiseSR
from interneg.nodes.grain_match import GrainMatch

STOCKS = (
    ("colour-50-pushed", "35mm"),
    ("colour-500", "35mm"),
    ("colour-200-pushed", "16mm"),
    ("bw-500", "35mm"),
)
SEEDS = (1, 2, 3)
STARTS = (6, 20, 34)
OURS, AV1, FFMPEG = "GrainMatch", "AV1's model, from the same profile", "FFmpeg noise, as strong as the plate"
# Deviation of the Gaussian, in pixels of the clip, that takes its own noise away.
_SOFT = 2.0
# What V-BM3D is told, in 8-bit codes.
_SIGMAS = (3, 6, 10, 16)


def rows(shared: Path, out: Path) -> Iterator[Row]:
    """Measure everything that the pictures at hand allow."""
    clips = shared / "footage" / "clips"
    if not clips.is_dir():
        print(f"no clips at {clips}: the rows of grain are left out")
        return
    if not peers.there():
        print(peers.MISSING)
    colour = Colour()
    bench = Bench(Context(colour, Engines(), Memo(60)), colour.resolve("texture_paint"))
    plates, softened = (
        [
            bench.filmed(clips / clip, *kind, seed, start, soft)
            for clip, (kind, (seed, start)) in product(
                HELD_OUT, zip(STOCKS, zip((*SEEDS, 1), (*STARTS, 6), strict=True), strict=True)
            )
        ]
        for soft in (0, _SOFT)
    )
    smooth = [bench.smooth(*kind, seed) for kind, seed in product(STOCKS, SEEDS)]
    yield from _regrained(bench, smooth, "soft shapes that stand still")
    yield from _regrained(bench, softened, "filmed clips, softened")
    yield from _removed(bench, plates, out)
    yield from _restored(bench, [*smooth[::3], *softened[::3]])
    yield from _scales(bench, plates)
    yield from grain_scans.rows(colour, bench.space, shared)
    yield from grain_class.rows(colour, bench.space, shared)


def _regrained(bench: Bench, plates: Sequence[Plate], what: str) -> Iterator[Row]:
    """From a plate to its profile to grain on its clean version, against the plate."""
    figures: dict[str, list[list[float]]] = defaultdict(list)
    told, failed = [], 0
    for plate in plates:
        measured = measured_profile(bench, plate, plate.grainy)
        if measured is None:
            failed += 1
            continue
        at, clean = plate.middle, plate.clean[plate.middle]
        truth = plate.evened(plate.grainy[at] - clean)
        levels, sigmas = from_codes(measured.levels, measured.sigmas, bench.context.colour, bench.space)
        told.append(
            [
                _response(plate, levels, sigmas),
                correlation_error(measured.correlation, plate.grain),
                measured.over_time,
            ]
        )
        field = Grain.of(measured, measured.pitch).field(*clean.shape[1:], seed=9, frame=at)
        made = {
            OURS: laid(clean, field, levels, sigmas) - clean,
            AV1: _av1(bench, measured, clean),
            FFMPEG: _ffmpeg_noise(clean, (plate.grainy[at] - clean).std()),
        }
        for kind, grain in made.items():
            evened = plate.evened(grain)
            figures[kind].append([spectrum_distance(truth, evened), divergence(truth, evened)])
    text_ = f"{len(plates)} plates of {what}"
    ours = np.array(figures[OURS])
    for name, k, goals in (
        ("spectrum, mean log distance", 0, (1, 2)),
        ("histogram, Kullback-Leibler", 1, (0.01, None)),
    ):
        unit = "dB" if k == 0 else ""
        yield at_most(f"plate to profile to grain, {text_}: {name}", goals[0], float(ours[:, k].mean()), unit)
        if goals[1]:
            yield at_most(f"{what}: {name}, worst plate", goals[1], float(ours[:, k].max()), unit)
        for peer in (AV1, FFMPEG):
            rest = np.array(figures[peer])[:, k]
            yield Row(
                f"{what}: {name}: {peer} (worst {rest.max():.2f})",
                "",
                f"{rest.mean():.2f} {unit}".strip(),
                None,
            )
    facts = np.array(told)
    yield at_most(
        f"{what}: response curve, mean error (worst plate {100 * facts[:, 0].max():.1f})",
        5,
        100 * float(facts[:, 0].mean()),
        "%",
    )
    yield at_most(
        f"{what}: correlation of channels, mean error (worst {facts[:, 1].max():.3f})",
        0.03,
        float(facts[:, 1].mean()),
    )
    yield at_most(
        f"{what}: correlation of a frame with the next (worst {np.abs(facts[:, 2]).max():.3f})",
        0.02,
        float(np.abs(facts[:, 2]).mean()),
    )
    yield Row(f"{what}: plates whose grain could not be measured", "", f"{failed} of {len(plates)}", None)


def _removed(bench: Bench, plates: Sequence[Plate], out: Path) -> Iterator[Row]:
    """Against the clean truth, beside Denoise-SR and FFmpeg's filters at the best of some strengths."""
    nodes: dict[str, Node] = {
        "GrainMatch, profile": GrainMatch(profile="plate.grain.toml"),
        "GrainMatch, profile, temporal=2": GrainMatch(profile="plate.grain.toml", temporal=2),
        "GrainMatch, auto": GrainMatch(),
        "Denoise-SR, auto": DenoiseSR(),
        "Denoise-SR, auto, temporal=2": DenoiseSR(temporal=2),
    }
    filters = {
        "FFmpeg bm3d": [f"bm3d=sigma={s}" for s in (3, 6, 10, 16)],
        "FFmpeg nlmeans": [f"nlmeans=s={s}" for s in (1.5, 3, 5, 8)],
        "FFmpeg vaguedenoiser (wavelets)": [f"vaguedenoiser=threshold={t}" for t in (2, 4, 8, 14)],
    }
    gained: dict[str, list[float]] = defaultdict(list)
    for plate in plates:
        measured = measured_profile(bench, plate, plate.grainy)
        truth, given = plate.clean[plate.middle], plate.grainy[plate.middle]
        for name, node in nodes.items():
            if measured is None and "profile" in name:
                continue
            done = bench.render(node, plate.grainy, told=text(measured) if measured else "")
            gained[name].append(_psnr(done, truth) - _psnr(given, truth))
        for name, tried in filters.items():
            results = [through_ffmpeg(given, f) for f in tried]
            gained[name].append(max(_psnr(r, truth) for r in results) - _psnr(given, truth))
        if peers.there():
            frames = np.stack(plate.grainy).transpose(0, 2, 3, 1)
            videos = [peers.vapoursynth("vbm3d", frames, s)[0][plate.middle] for s in _SIGMAS]
            most = max(_psnr(v.transpose(2, 0, 1), truth) for v in videos)
            gained["V-BM3D, the best of four sigmas, five frames"].append(most - _psnr(given, truth))
    best = float(np.mean(gained["Denoise-SR, auto"]))
    for name, found in gained.items():
        what = f"grain removed, PSNR over the plate: {name} (worst {min(found):+.2f})"
        if name == "GrainMatch, profile":
            yield at_least(what, round(best, 2), float(np.mean(found)))
        else:
            yield Row(what, "", f"{np.mean(found):+.2f} dB", None)


def _restored(bench: Bench, plates: Sequence[Plate]) -> Iterator[Row]:
    """The plate's own grain back: what was not touched, and what was."""
    same, ratios = [], []
    for plate in plates:
        measured = measured_profile(bench, plate, plate.grainy)
        if measured is None:
            continue
        told, at = text(measured), plate.middle
        node = GrainMatch(profile="plate.grain.toml")
        clean = [bench.render(node, [p], told=told) for p in plate.grainy]
        back = bench.render(replace(node, mode="restore"), [clean[at]], [plate.grainy[at]], told)
        same.append(float((back == plate.grainy[at]).all(axis=0).mean()))
        work = clean[at].copy()
        box = np.s_[:, 40:168, 80:336]
        work[box] = cv2.GaussianBlur(work[box].transpose(1, 2, 0), (0, 0), 6).transpose(2, 0, 1)
        back = bench.render(replace(node, mode="restore"), [work], [plate.grainy[at]], told)
        made = (back - work)[:, 60:148, 100:316]
        sigma = np.stack(
            [np.interp(p, x, y) for p, x, y in zip(work, plate.levels, plate.sigmas, strict=True)]
        )
        ratios.append(float(np.square(made / sigma[:, 60:148, 100:316]).mean()))
    yield at_least("untouched pixels that come back bit for bit", 100, 100 * float(np.mean(same)), "%")
    yield Row(
        "grain that is made in a repair, its variance over the truth's, mean (least, most)",
        "0.8 to 1.25",
        f"{np.mean(ratios):.2f} ({min(ratios):.2f}, {max(ratios):.2f})",
        all(0.8 <= r <= 1.25 for r in ratios),
    )


def _scales(bench: Bench, plates: Sequence[Plate]) -> Iterator[Row]:
    """A plate scanned at 2K and at 4K: the profile of one applied to the other, against the stock itself."""
    found = []
    for name, gate in STOCKS:
        grain = stock(name, gate)
        rng = np.random.default_rng(5)
        for own, other in ((2048, 4096), (4096, 2048)):
            here, there = (at_pitch(grain, grain.width / n).coloured() for n in (own, other))
            ramp = np.tile(np.linspace(0.1, 0.9, 512, dtype=np.float32), (3, 512, 1))
            levels, sigmas = from_codes(here.levels, here.sigmas, bench.context.colour, bench.space)
            shown = [ramp + truth_of(here, ramp, levels, sigmas, rng) for _ in range(3)]
            measured = profile_of(
                measure(shown, 1), bench.context.colour, bench.space, "a", "film", grain.width, own
            )
            scaled = at_pitch(measured, grain.width / other)
            pairs = [(scaled.per_pixel(c, 72), there.per_pixel(c, 72)) for c in range(3)]
            inside = (pairs[0][0][0] >= BAND[0]) & (pairs[0][0][0] <= BAND[1])
            found += [float(np.abs(10 * np.log10(a[1][inside] / b[1][inside])).mean()) for a, b in pairs]
    yield at_most(
        f"profile of a 2K scan on a 4K one, and back: spectrum (worst {max(found):.2f})",
        1.5,
        float(np.mean(found)),
        "dB",
    )


def _response(plate: Plate, levels: Pixels, sigmas: Pixels) -> float:
    """The mean error of the response at the levels that the picture has, as a share."""
    errors = []
    for c, plane in enumerate(plate.clean[plate.middle]):
        at = np.quantile(plane, np.linspace(0.05, 0.95, 19))
        truth = np.interp(at, plate.levels[c], plate.sigmas[c])
        errors.append(np.abs(np.interp(at, levels[c], sigmas[c]) / truth - 1).mean())
    return float(np.mean(errors))


def _av1(bench: Bench, profile: GrainProfile, clean: Pixels) -> Pixels:
    """What a player makes of AV1's model, in 10 bits without subsampling."""
    encode = Encode(bench.context.colour, bench.space, (0, 0))
    parameters = fit(profile, profile.pitch, encode)
    matrix = matrix_of(encode, 3) * 4
    codes = np.einsum("pc,cyx->pyx", matrix, np.clip(clean, 0, 1)) + np.array([64, 512, 512])[:, None, None]
    planes = [np.rint(c).astype(np.uint16) for c in codes]
    grain = np.stack(applied(planes, parameters, 77, bits=10)).astype(np.float64) - np.stack(planes)
    return np.asarray(np.einsum("cp,pyx->cyx", np.linalg.inv(matrix), grain), np.float32)


def _ffmpeg_noise(clean: Pixels, sigma: float) -> Pixels:
    """FFmpeg's noise filter, scaled to a deviation."""
    flat = np.full_like(clean, 0.5)
    grain = through_ffmpeg(flat, "noise=alls=30:allf=t") - flat
    return np.asarray(grain / grain.std() * sigma, np.float32)


def _psnr(a: Pixels, b: Pixels) -> float:
    return float(-10 * np.log10(np.mean(np.square(a - b), dtype=np.float64)))
