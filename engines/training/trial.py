"""INT8 graphs of one model on trial: which layers, at which steps, lose how much."""

import statistics
from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor, nn

from interneg.engines import qualify
from interneg.engines.store import Figures
from interneg.engines.training import evaluate
from interneg.engines.training.colour import rgb_to_ycc
from interneg.engines.training.limits import shown, worse
from interneg.engines.training.networks import restore
from interneg.engines.training.onnx_nets import Exact
from interneg.engines.training.psnr import psnr
from interneg.engines.training.qdq import Steps, quantised
from interneg.engines.training.tiles import Tiles

Samples = list[tuple[Tensor, Tensor]]
"""Planes (1,6,H,W) and their clean luma (1,1,s*H,s*W)."""
Measure = Callable[[nn.Module, int], list[float]]
"""The dB that a network reaches on every so many samples."""


def held(tiles: Tiles, scale: int, count: int = 8) -> Samples:
    """Planes and their clean luma out of held tiles, as the public sets: clean; at 1x with noise."""
    pairs = []
    noise = torch.Generator().manual_seed(0)
    for number, tile in enumerate(tiles.held[:: max(len(tiles.held) // count, 1)][:count].tolist()):
        full = rgb_to_ycc(tiles.full[1][tile][None].permute(0, 3, 1, 2).float() / 255)
        small = rgb_to_ycc(tiles.full[scale][tile][None].permute(0, 3, 1, 2).float() / 255)
        sigma = (15 / 255, 25 / 255, 50 / 255)[number % 3] if scale == 1 else 0.0
        small[:, 1:] *= scale > 1
        small[:, :1] += sigma * torch.randn(small[:, :1].shape, generator=noise)
        pairs.append((evaluate.conditioned(small, sigma), full[:, :1]))
    return pairs


def luma_psnr(net: nn.Module, pairs: Samples, scale: int) -> list[float]:
    """PSNR-Y of each pair of planes and clean luma."""
    results = ((restore(net, planes, scale)[:, :1].clamp(0, 1), clean) for planes, clean in pairs)
    return [psnr(result, clean, scale) for result, clean in results]


class Trial:
    """How INT8 graphs of one model do on held samples and on the golden input, by ONNX Runtime.

    equal: the fp32 file with channels made alike. golden: (1, C, H, W) float32.
    """

    def __init__(
        self, source: bytes, equal: bytes, multiple: int, golden: Tensor, measure: Measure, threads: int
    ) -> None:
        self.equal, self.multiple, self.golden = equal, multiple, golden
        self.measure, self.threads = measure, threads
        plain = self.compiled(source)
        self.before, self.expected = measure(plain, 1), plain(golden)[0].numpy()

    def compiled(self, weights: bytes) -> Exact:
        """An ONNX file, ready to run on as many threads as were asked for."""
        return Exact(weights, self.multiple, self.threads)

    def lost(self, steps: Steps, every: int = 1) -> tuple[float, Figures]:
        """dB lost on every such held sample, and the golden input's figures."""
        net = self.compiled(quantised(self.equal, steps))
        figures = qualify.compare(net(self.golden)[0].numpy(), self.expected)
        after = self.measure(net, every)
        return statistics.mean(self.before[::every]) - statistics.mean(after), figures

    def score(self, steps: Steps, limit: float, every: int = 1) -> float:
        """How these steps stand to what is allowed."""
        return worse(*self.lost(steps, every), limit)


def choose(trial: Trial, ways: Mapping[str, Steps], limit: float) -> Iterator[tuple[float, str, Steps]]:
    """Steps without the most sensitive layers, 0, 1, 2, ..., each of the best calibration method there.

    Each with how it stands to the limits, and the method; what is not asked for is not tried. Methods that do
    half as well as the best with all layers are left out from then on. Sensitivity is that at min-max steps:
    they hold the golden input, and a few layers make most of what they lose on pictures.
    """
    widest = ways["min-max"]
    alone = {name: trial.score({name: step}, limit, 4) for name, step in widest.items()}
    order = sorted(alone, key=lambda name: -alone[name])
    for name in order:
        print(f"  {name} alone: {alone[name]:.2f} of the limits", flush=True)
    for count in range(0, len(order), max(len(order) // 12, 1)):
        scores = []
        for way, steps in ways.items():
            fewer = {name: step for name, step in steps.items() if name not in order[:count]}
            lost, figures = trial.lost(fewer)
            scores.append((worse(lost, figures, limit), way, fewer))
            print(
                f"without {count}, {way}: {lost:.3f} dB lost on what is held; golden {shown(figures)}",
                flush=True,
            )
        best = min(scores, key=lambda score: score[0])
        ways = {way: ways[way] for score, way, _ in scores if score <= 2 * best[0]}
        yield best
