"""What an INT8 graph gains on this machine, and what it does to a gradient."""

import time

import torch

from interneg.engines import speeds
from interneg.engines.runtimes import RUNTIMES
from interneg.engines.training.lite import CHANNELS
from interneg.engines.training.onnx_nets import Compiled, Exact


def seconds(source: bytes, small: bytes, multiple: int, channels: int = 6) -> dict[str, float]:
    """Processor time of one thread of OpenVINO for 384x256 in each precision, in turns, the best of seven.

    channels: of the input.
    """
    nets = {"fp32": Compiled(source, multiple, 1)}
    if not RUNTIMES["openvino"].precisions()["bf16"]:
        nets["bf16"] = Compiled(source, multiple, 1, "bf16")
    nets["int8"] = Compiled(small, multiple, 1, "int8")
    planes = torch.rand(1, channels, 256, 384)
    best = dict.fromkeys(nets, float("inf"))
    for turn in range(8):
        for name, net in nets.items():
            start = time.process_time()
            net(planes)
            if turn:
                best[name] = min(best[name], time.process_time() - start)
    return best


def banding(source: bytes, small: bytes, multiple: int, scale: int, threads: int) -> float:
    """How far an INT8 graph is off from fp32 on a clean ramp: see `speeds.EVEN`."""
    planes = torch.from_numpy(speeds.ramp(CHANNELS))[None]
    exact, coarse = (Exact(weights, multiple, threads)(planes)[0, 0] for weights in (source, small))
    border = 16 * scale
    return float((coarse - exact).abs()[border:-border, border:-border].max())
