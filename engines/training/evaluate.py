"""Figures of a network by the public protocols; a report, never a source of training data.

Run it as::

    python -m interneg.engines.training.evaluate lite lite.pt --set5 DIR --bsd68 DIR
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from interneg.engines.training.colour import rgb_to_ycc
from interneg.engines.training.networks import NETWORKS, build, restore
from interneg.engines.training.psnr import psnr
from interneg.io.image_reader import read_rgb8


def picture(path: Path) -> Tensor:
    """Y, Cb, Cr float32 (1,3,H,W) of an 8-bit image file."""
    rgb = torch.from_numpy(read_rgb8(path)).permute(2, 0, 1)[None].float() / 255
    return rgb_to_ycc(rgb)


def conditioned(ycc: Tensor, sigma_y: float = 0.0, sigma_c: float = 0.0, q: float = 0.0) -> Tensor:
    """Planes (N,6,H,W) with constant conditions."""
    condition = torch.tensor([sigma_y, sigma_c, q], device=ycc.device)[None, :, None, None]
    return torch.cat((ycc, condition.expand(len(ycc), 3, *ycc.shape[2:])), 1)


def run(net: nn.Module, planes: Tensor, scale: int) -> Tensor:
    """Restore planes (N,6,H,W) to (N,3,scale*H,scale*W): padded by repeating the edge, then cropped."""
    multiple = int(getattr(net, "multiple", 1))
    height, width = planes.shape[2:]
    pad = (0, -width % multiple, 0, -height % multiple)
    padded = nn.functional.pad(planes, pad, mode="replicate") if any(pad) else planes
    return restore(net, padded, scale)[..., : height * scale, : width * scale]


@torch.no_grad()
def set5(net: nn.Module, folder: Path, scale: int) -> float:
    """Mean PSNR-Y (16-235, border cropped by the scale, output clipped) on Set5's LRx{scale} files."""
    values = []
    for small in sorted((folder / f"LRx{scale}").glob("*.png")):
        full = picture(folder / "HR" / f"{small.name.split('_SRF')[0]}_SRF_2_HR.png")
        result = run(net, conditioned(picture(small)), scale)[:, :1].clamp(0, 1)
        height, width = result.shape[2:]
        values.append(psnr(result, full[:, :1, :height, :width], scale, 219 / 255))
    return float(np.mean(values))


@torch.no_grad()
def bsd68(net: nn.Module, folder: Path, sigma: float, count: int = 68) -> float:
    """Mean PSNR of grey BSD68 with unclipped float Gaussian noise and the exact sigma, 0..255 units."""
    values = []
    for number, path in enumerate(sorted(folder.glob("*.png"))[:count]):
        clean = picture(path)
        clean[:, 1:] = 0
        noise = torch.randn(clean[:, :1].shape, generator=torch.Generator().manual_seed(number))
        noisy = clean.clone()
        noisy[:, :1] += noise * (sigma / 255)
        result = run(net, conditioned(noisy, sigma / 255), 1)[:, :1].clamp(0, 1)
        values.append(psnr(result, clean[:, :1], 0))
    return float(np.mean(values))


def public_figures(
    net: nn.Module, scales: list[int], set5_folder: Path | None, bsd68_folder: Path | None, quick: bool = True
) -> dict[str, float]:
    """The figures of the scales whose folders are given; ``quick`` takes 16 images of BSD68."""
    figures = {}
    if set5_folder:
        for scale in (s for s in scales if s > 1):
            figures[f"Set5 x{scale} PSNR-Y"] = set5(net, set5_folder, scale)
    if bsd68_folder and 1 in scales:
        for sigma in (25,) if quick else (15, 25, 50):
            figures[f"BSD68 sigma {sigma} PSNR"] = bsd68(net, bsd68_folder, sigma, 16 if quick else 68)
    return figures


def main() -> None:
    """The command: prints the figures of a checkpoint, one in each line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("network", choices=list(NETWORKS))
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--scales", default="1,2,4")
    parser.add_argument("--set5", type=Path)
    parser.add_argument("--bsd68", type=Path)
    args = parser.parse_args()
    scales = [int(s) for s in args.scales.split(",")]
    net = build(args.network, scales).eval()
    net.load_state_dict(torch.load(args.checkpoint, map_location="cpu", weights_only=True)["average"])
    for name, value in public_figures(net, scales, args.set5, args.bsd68, quick=False).items():
        print(f"{name}: {value:.3f}")


if __name__ == "__main__":
    main()
