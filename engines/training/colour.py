"""Colour arithmetic of training, batched on any device.

Pictures are float32 ``(N,3,H,W)``; encoded RGB is nominally 0..1 and is never clipped here.
"""

import torch
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)
CB, CR = 0.564, 0.713


def rgb_to_ycc(rgb: Tensor) -> Tensor:
    """BT.601 luma and colour differences of encoded RGB (N,3,H,W): Y 0..1, Cb and Cr about -0.5..0.5."""
    red, green, blue = rgb.unbind(1)
    y = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
    return torch.stack((y, CB * (blue - y), CR * (red - y)), 1)


def ycc_to_rgb(ycc: Tensor) -> Tensor:
    """The inverse of :func:`rgb_to_ycc`: Y, Cb, Cr (N,3,H,W) to encoded RGB."""
    y, cb, cr = ycc.unbind(1)
    red, blue = y + cr / CR, y + cb / CB
    green = (y - LUMA[0] * red - LUMA[2] * blue) / LUMA[1]
    return torch.stack((red, green, blue), 1)


def srgb_to_linear(rgb: Tensor) -> Tensor:
    """IEC 61966-2-1 decoding of encoded values of any shape, 0..1, to linear 0..1; straight below 0."""
    high = ((rgb.clamp(min=0.0) + 0.055) / 1.055) ** 2.4
    return torch.where(rgb <= 0.04045, rgb / 12.92, high)


def linear_to_log(linear: Tensor) -> Tensor:
    """ACEScct spread as LOG_RGB has it, for any shape: 0 and 1 stay, 16 becomes 1.47, 222 becomes 1.92."""
    return (linear_to_acescct(linear) - 0.0729055341958355) / 0.4818893


def linear_to_acescct(linear: Tensor) -> Tensor:
    """ACEScct (S-2016-001) encoding of linear values of any shape: 0 becomes 0.0729, 1 0.5548 and 222 1.

    The logarithm is taken in float64: in float32 a process's first call may differ from later ones in the
    last bit.
    """
    low = 10.5402377416545 * linear + 0.0729055341958355
    stops = torch.log2(linear.clamp(min=1e-6).double()).to(linear.dtype)
    return torch.where(linear <= 0.0078125, low, (stops + 9.72) / 17.52)
