"""Batched resampling by matrices: every resizer is two small dense products, on any device."""

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Taps = NDArray[np.float64]


def _cubic(x: Taps, a: float) -> Taps:
    x = np.abs(x)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def _kernel(name: str, x: Taps) -> Taps:
    if name == "bicubic":
        return _cubic(x, -0.5)
    if name == "lanczos":
        return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)
    if name == "bilinear":
        return np.maximum(1 - np.abs(x), 0.0)
    return (np.abs(x) <= 0.5).astype(np.float64)


SUPPORT = {"bicubic": 2.0, "lanczos": 3.0, "bilinear": 1.0, "area": 0.5}


@lru_cache(maxsize=256)
def matrix(size: int, target: int, name: str) -> Taps:
    """Rows (target,size) of weights: half-pixel centres, antialiased when reducing, mirrored edges.

    ``bicubic`` is a = -0.5 as MATLAB's imresize (and Pillow) do it: the super-resolution protocol.
    """
    ratio = size / target
    centre = (np.arange(target) + 0.5) * ratio - 0.5
    out = np.zeros((target, size))
    if name == "nearest":
        out[np.arange(target), np.clip(np.round(centre - 1e-6), 0, size - 1).astype(int)] = 1.0
        return out
    if name not in SUPPORT:
        raise ValueError(f"resizer {name!r} is not one of {', '.join(SUPPORT)}, nearest")
    stretch = max(ratio, 1.0)
    reach = int(np.ceil(SUPPORT[name] * stretch)) + 1
    taps = np.floor(centre)[:, None].astype(int) + np.arange(-reach, reach + 1)[None, :]
    weights = _kernel(name, (taps - centre[:, None]) / stretch)
    weights /= weights.sum(1, keepdims=True)
    mirrored = np.mod(taps, 2 * size)
    mirrored = np.where(mirrored < size, mirrored, 2 * size - 1 - mirrored)
    np.add.at(out, (np.arange(target)[:, None], mirrored), weights)
    return out


def resize(picture: Tensor, height: int, width: int, name: str) -> Tensor:
    """Resize float32 (N,C,H,W) to (N,C,height,width); unclipped, NaN spreads to what it touches."""
    down = _on_device(picture.shape[-2], height, name, picture.device)
    across = _on_device(picture.shape[-1], width, name, picture.device)
    return torch.matmul(torch.matmul(down, picture), across.t())


def noise_gain(size: int, target: int, name: str) -> float:
    """Factor by which resizing along both axes changes the deviation of white noise."""
    return float((matrix(size, target, name) ** 2).sum(1).mean())


@lru_cache(maxsize=256)
def _on_device(size: int, target: int, name: str, device: torch.device) -> Tensor:
    return torch.from_numpy(matrix(size, target, name).astype(np.float32)).to(device)


def blur_kernel(kind: str, size: int, spread: Tensor, ratio: Tensor, angle: Tensor) -> Tensor:
    """Point spread functions float32 (N,size,size), each summing to 1.

    ``gaussian``: deviation ``spread`` pixels, the second axis ``ratio`` times that, turned by ``angle``.
    ``disc``: defocus of radius ``spread``. ``airy``: diffraction whose first dark ring is at ``spread``.
    """
    span = torch.arange(size, device=spread.device, dtype=torch.float32) - size // 2
    y, x = span[:, None], span[None, :]
    cos, sin = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    along, across = x * cos + y * sin, y * cos - x * sin
    spread = spread[:, None, None]
    if kind == "gaussian":
        body = torch.exp(-0.5 * ((along / spread) ** 2 + (across / (spread * ratio[:, None, None])) ** 2))
    else:
        radius = torch.sqrt(along**2 + across**2)
        if kind == "disc":
            body = torch.sigmoid((spread - radius) * 4.0)
        else:
            arg = (3.8317 * radius / spread).clamp(min=1e-3)
            body = (2.0 * torch.special.bessel_j1(arg) / arg) ** 2
    return body / body.sum((1, 2), keepdim=True)


def convolve(picture: Tensor, kernels: Tensor) -> Tensor:
    """Filter (N,C,H,W) with one odd kernel per sample (N,k,k), mirrored edges."""
    count, channels, height, width = picture.shape
    half = kernels.shape[-1] // 2
    padded = torch.nn.functional.pad(picture, (half, half, half, half), mode="reflect")
    flat = padded.transpose(0, 1)
    out = torch.nn.functional.conv2d(flat, kernels[:, None], groups=count)
    return out.transpose(0, 1).reshape(count, channels, height, width)
