"""Degraded/clean training pairs, made on the device from a seeded generator.

Four kinds of sample, drawn per batch by :class:`Mix`:

- ``clean``: the super-resolution protocol (antialiased bicubic, 8 bits), condition (0, 0, 0);
- ``noisy``: the same plus unclipped Gaussian noise, sigma 0..55/255, with its exact map;
- ``coded``: what a real H.264, MPEG-2 or JPEG codec made of it (from the pack), with its level q;
- ``rich``: blur, a random resizer, signal-dependent and correlated noise, simulated JPEG, in random order.

Log-encoded pictures, grey pictures and synthetic edges are mixed in.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from interneg.engines.training import colour, levels
from interneg.engines.training.resample import blur_kernel, convolve, noise_gain, resize
from interneg.engines.training.tiles import Tiles, cut, turn

MARGIN = 4
_GRAIN = (0.4, 1.3)
"""Spread of the Gaussian that grain is as soft as, in pixels."""
_ORDERS = ([0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0])
"""Orders of R, G and B that crops are drawn in: colours that the pictures lack."""
RESIZERS = ("bicubic", "area", "bilinear", "lanczos", "nearest")


@dataclass(frozen=True)
class Mix:
    """Shares of the kinds of sample; ``rich`` is what is left of 1.

    grey, log: shares of all samples without colour, and of the batches in a log encoding. soft, clipped:
    shares of the noisy batches whose noise is soft, as film grain is, and that are clipped to 0..1 in 8 bits,
    as cameras and files clip.
    """

    clean: float = 0.48
    noisy: float = 0.25
    coded: float = 0.10
    edges: float = 0.08
    grey: float = 0.35
    soft: float = 0.0
    clipped: float = 0.0
    log: float = 0.25

    def at(self, scale: int) -> "Mix":
        """At 1x clean samples teach no more than silence: most of their share goes to damage."""
        if scale > 1:
            return self
        return replace(
            self, clean=0.25 * self.clean, coded=self.coded + 0.5 * self.clean, edges=min(self.edges, 0.03)
        )


@dataclass
class Batch:
    """``planes`` float32 (N,6,size,size) and their clean ``target`` Y, Cb, Cr (N,3,s*size,s*size).

    ``borders`` float32 (N,2,size,size), in the coded samples at 1x: 1 on both sides of the codec's block
    borders, along x and along y; zero elsewhere. The first ``drawn`` samples are drawn edges.
    """

    planes: Tensor
    target: Tensor
    borders: Tensor | None = None
    drawn: int = 0

    @staticmethod
    def of(parts: list["Batch"]) -> "Batch":
        """Several batches of one size as one; the drawn samples are those of the first."""
        borders = [torch.zeros_like(p.planes[:, :2]) if p.borders is None else p.borders for p in parts]
        planes, target = torch.cat([p.planes for p in parts]), torch.cat([p.target for p in parts])
        return Batch(planes, target, torch.cat(borders), parts[0].drawn)

    def turned(self, way: int) -> "Batch":
        """The batch flipped and turned."""
        borders = self.borders
        if borders is not None:
            borders = turn(borders.flip(1) if way & 4 else borders, way)
        planes, target = (turn(picture, way).contiguous() for picture in (self.planes, self.target))
        return Batch(planes, target, borders, self.drawn)


class Dice:
    """Randomness of one run: a CPU generator for choices, a device generator for pixels."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        self.host = torch.Generator().manual_seed(seed)
        self.local = torch.Generator(device).manual_seed(seed + 1)

    def number(self, low: float = 0.0, high: float = 1.0) -> float:
        """One choice, evenly from low to high."""
        return low + (high - low) * float(torch.rand((), generator=self.host))

    def whole(self, count: int) -> int:
        """One choice out of 0 to count - 1."""
        return int(torch.randint(count, (), generator=self.host))

    def uniform(self, count: int, low: float, high: float) -> Tensor:
        """(count,) float32 on the device, evenly from low to high."""
        return low + (high - low) * torch.rand(count, generator=self.local, device=self.device)

    def below(self, count: int, limit: int) -> Tensor:
        """(count,) int64 on the device, each 0 to limit - 1."""
        return torch.randint(limit, (count,), generator=self.local, device=self.device)

    def normal(self, *shape: int) -> Tensor:
        """Float32 of this shape on the device, normal, of deviation 1."""
        return torch.randn(shape, generator=self.local, device=self.device)

    def state(self) -> tuple[Tensor, Tensor]:
        """Where both generators stand, uint8 (bytes,) each, for a checkpoint."""
        return self.host.get_state(), self.local.get_state()

    def restore(self, state: tuple[Tensor, Tensor]) -> None:
        """Go on from a `state`, of uint8 (bytes,) each."""
        self.host.set_state(state[0])
        self.local.set_state(state[1])


def draw(tiles: Tiles, scale: int, size: int, count: int, dice: Dice, mix: Mix) -> Batch:
    """A batch of ``count`` samples of ``size`` input pixels a side at one scale; edges come first."""
    mix = mix.at(scale)
    shares = (mix.edges, mix.clean, mix.noisy, mix.coded)
    tally = [0] * 5
    for _ in range(count):
        roll, kind = dice.number(), 0
        while kind < 4 and roll >= sum(shares[: kind + 1]):
            kind += 1
        tally[kind] += 1
    makers = (_edges, _clean, _noisy, _coded, _rich)
    parts = [make(tiles, scale, size, n, dice, mix) for make, n in zip(makers, tally, strict=True) if n]
    batch = Batch.of([greyed(p, dice.uniform(len(p.planes), 0, 1) < mix.grey) for p in parts])
    batch.drawn = tally[0]
    return batch.turned(dice.whole(8))


def greyed(batch: Batch, grey: Tensor) -> Batch:
    """The batch without colour where ``grey`` (N,) is true."""
    keep = (~grey).float()[:, None, None, None]
    planes, target = batch.planes, batch.target
    chroma, noise = planes[:, 1:3] * keep, planes[:, 4:5] * keep
    planes = torch.cat((planes[:, :1], chroma, planes[:, 3:4], noise, planes[:, 5:]), 1)
    return Batch(planes, torch.cat((target[:, :1], target[:, 1:] * keep), 1), batch.borders)


def _conditioned(
    ycc: Tensor, sigma_y: Tensor | None = None, sigma_c: Tensor | None = None, q: Tensor | None = None
) -> Tensor:
    """Planes (N,6,H,W) from a picture and its conditions (N,1,H,W), (N,1,1,1) or None for zero."""
    flat = ycc[:, :1]
    parts = [torch.zeros_like(flat) if c is None else c.expand_as(flat) for c in (sigma_y, sigma_c, q)]
    return torch.cat([ycc, *parts], 1)


def _protocol(
    tiles: Tiles, scale: int, size: int, count: int, dice: Dice, log: float, tries: int = 1
) -> tuple[Tensor, Tensor]:
    """Reduced and full RGB of random crops; a share ``log`` of the batches is log-encoded.

    Of ``tries`` crops per sample the most detailed is taken: flat ones teach an enlarger little.
    """
    number = tiles.train[dice.below(count * tries, len(tiles.train))]
    limit = tiles.full[scale].shape[1] - size + 1
    top, left = dice.below(count * tries, limit), dice.below(count * tries, limit)
    if tries > 1:
        number, top, left = (c.view(count, tries) for c in (number, top, left))
        best = tiles.busiest(number, top * scale, left * scale, size * scale)[:, None]
        number, top, left = (c.gather(1, best)[:, 0] for c in (number, top, left))
    channels = _ORDERS[dice.whole(len(_ORDERS))]
    full = cut(tiles.full[1], number, top * scale, left * scale, size * scale)[:, channels]
    if dice.number() < log:
        full = log_encoded(full, dice)
        return resize(full, size, size, "bicubic") if scale > 1 else full, full
    return cut(tiles.full[scale], number, top, left, size)[:, channels] if scale > 1 else full, full


def log_encoded(rgb: Tensor, dice: Dice) -> Tensor:
    """The same scene at an exposure of -2..+4 stops in ACEScct, spread as the LOG working spaces are.

    rgb: (N,3,H,W) float32, sRGB encoded, 0..1; the result is of the same shape.     Light of 0 and 1 are
    codes 0 and 1; four stops above are 1.46. With film-like dither.
    """
    count = len(rgb)
    exposure = torch.exp2(dice.uniform(count, -2.0, 4.0))[:, None, None, None]
    dithered = rgb + (dice.normal(*rgb.shape) * (0.3 / 255))
    return colour.linear_to_log(colour.srgb_to_linear(dithered.clamp(min=0.0)) * exposure)


def _clean(tiles: Tiles, scale: int, size: int, count: int, dice: Dice, mix: Mix) -> Batch:
    reduced, full = _protocol(tiles, scale, size, count, dice, mix.log / 2, tries=3)
    return Batch(_conditioned(colour.rgb_to_ycc(reduced)), colour.rgb_to_ycc(full))


def _noisy(tiles: Tiles, scale: int, size: int, count: int, dice: Dice, mix: Mix) -> Batch:
    reduced, full = _protocol(tiles, scale, size, count, dice, mix.log / 2)
    sigma = noise_levels(count, dice)[:, None, None, None]
    ycc = colour.rgb_to_ycc(reduced)
    soft = mix.soft > 0 and dice.number() < mix.soft
    if soft or dice.number() < 0.5:
        sigma_y, sigma_c = sigma, sigma * dice.uniform(count, 0.0, 1.2)[:, None, None, None]
        noise = dice.normal(*ycc.shape)
        if soft:
            grain = dice.number(*_GRAIN)
            coarse = grain * dice.number(1.0, 1.5)
            noise = torch.cat((_softened(noise[:, :1], grain), _softened(noise[:, 1:], coarse)), 1)
        noise = torch.cat((noise[:, :1] * sigma_y, noise[:, 1:] * sigma_c), 1)
    else:  # equal noise on red, green and blue
        sigma_y, sigma_c = sigma * 0.6686, sigma * 0.6400
        noise = colour.rgb_to_ycc(dice.normal(*ycc.shape)) * sigma
    noisy = ycc + noise
    if dice.number() < mix.clipped and float(full.max()) <= 1:
        noisy = colour.rgb_to_ycc((colour.ycc_to_rgb(noisy).clamp(0, 1) * 255).round() / 255)
    return Batch(_conditioned(noisy, sigma_y, sigma_c), colour.rgb_to_ycc(full))


def noise_levels(count: int, dice: Dice) -> Tensor:
    """(count,) noise levels: half evenly to 55/255, half in octaves of 0.5..15/255, as film in a log has."""
    even = dice.uniform(count, 0, 55 / 255)
    octaves = torch.exp2(dice.uniform(count, -1.0, 3.907)) / 255
    return torch.where(dice.uniform(count, 0, 1) < 0.5, even, octaves)


def _coded(tiles: Tiles, scale: int, size: int, count: int, dice: Dice, mix: Mix) -> Batch:
    coded = tiles.coded[scale]
    pick = dice.below(count, len(coded.q))
    limit = coded.pixels.shape[1] - size + 1
    top, left = dice.below(count, limit), dice.below(count, limit)
    reduced = cut(coded.pixels, pick, top, left, size)
    full = cut(tiles.full[1], coded.tile[pick], top * scale, left * scale, size * scale)
    q = (coded.q[pick] + dice.uniform(count, -0.03, 0.03)).clamp(0.02, 1.0)[:, None, None, None]
    borders = _borders(top, left, size) if scale == 1 else None
    return Batch(_conditioned(colour.rgb_to_ycc(reduced), q=q), colour.rgb_to_ycc(full), borders)


def _borders(top: Tensor, left: Tensor, size: int) -> Tensor:
    """Both sides of the borders of 8x8 blocks, (N,2,size,size), for crops at a row and a column."""
    span = torch.arange(size, device=top.device)
    down, across = (((start[:, None] + span) % 8 % 7 == 0).float() for start in (top, left))
    grid = (across[:, None, :].expand(-1, size, -1), down[:, :, None].expand(-1, -1, size))
    return torch.stack(grid, 1)


def _edges(tiles: Tiles, scale: int, size: int, count: int, dice: Dice, mix: Mix) -> Batch:
    """Steps, bars and gradients at random angles, with and without noise: what must not ring."""
    large = size * scale
    device = tiles.train.device
    span = torch.arange(large, device=device, dtype=torch.float32) - (large - 1) / 2
    angle = dice.uniform(count, 0, 6.2832)
    upright = dice.uniform(count, 0, 1) < 0.4
    angle = torch.where(upright, (angle / 1.5708).round() * 1.5708, angle)
    cos, sin = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    place = span[None, None, :] * cos + span[None, :, None] * sin
    place = place - dice.uniform(count, -0.3, 0.3)[:, None, None] * large
    width = dice.uniform(count, 1.0, 0.6 * large)[:, None, None]
    bar = (dice.uniform(count, 0, 1) < 0.4)[:, None, None]
    soft = cos.abs() + sin.abs()  # an edge averaged over the area of each pixel
    ramp = (place / soft + 0.5).clamp(0, 1)
    shape = torch.where(bar, ramp * ((width - place) / soft + 0.5).clamp(0, 1), ramp)[:, None]
    tilt = dice.uniform(count, -0.1, 0.1)[:, None, None, None] * (place / large)[:, None]
    low, high = dice.uniform(count * 3, 0, 1), dice.uniform(count * 3, 0, 1)
    colourless = (dice.uniform(count, 0, 1) < 0.5).view(count, 1, 1, 1)
    low, high = (
        torch.where(colourless, c[:, :1], c) for c in (low.view(-1, 3, 1, 1), high.view(-1, 3, 1, 1))
    )
    full = colour.rgb_to_ycc(low + (high - low) * shape + tilt)
    reduced = resize(full, size, size, "bicubic" if dice.number() < 0.3 else "area") if scale > 1 else full
    if dice.number() < 0.7:
        return Batch(_conditioned(reduced), full)
    sigma = dice.uniform(count, 0, 30 / 255)[:, None, None, None]
    return Batch(_conditioned(reduced + dice.normal(*reduced.shape) * sigma, sigma, sigma), full)


def _rich(tiles: Tiles, scale: int, size: int, count: int, dice: Dice, mix: Mix) -> Batch:
    """Blur, resize, noise and JPEG in random order; always with some noise or compression."""
    padded = size + 2 * MARGIN
    large = padded * scale
    number = tiles.train[dice.below(count, len(tiles.train))]
    side = tiles.full[1].shape[1]
    full = cut(
        tiles.full[1], number, dice.below(count, side - large + 1), dice.below(count, side - large + 1), large
    )
    full = colour.rgb_to_ycc(log_encoded(full, dice) if dice.number() < mix.log * 2 else full)
    picture = full
    gain = 1.0
    sigma_y = sigma_c = q = None
    steps = ["noise", "jpeg"] if dice.number() < 0.5 else (["noise"] if dice.number() < 0.6 else ["jpeg"])
    steps += ["blur"] if dice.number() < 0.35 else []
    steps.insert(dice.whole(len(steps) + 1), "resize")
    if "jpeg" in steps and steps.index("jpeg") < steps.index("resize"):
        steps.remove("jpeg")
        steps.append("jpeg")
    for step in steps:
        if step == "blur":
            picture = _blurred(picture, scale if picture.shape[-1] == large else 1, dice)
        elif step == "resize" and scale > 1:
            name = RESIZERS[min(dice.whole(8), 4)] if dice.number() < 0.7 else "bicubic"
            picture = resize(picture, padded, padded, name)
            gain = noise_gain(large, padded, name)
        elif step == "noise":
            picture, sigma_y, sigma_c = _grained(picture, dice)
            gain = 1.0
        elif step == "jpeg":
            picture, q = jpeg(picture, dice.uniform(count, 8, 95), dice)
    if sigma_y is not None and sigma_c is not None:
        jitter = torch.exp(dice.normal(count, 1, 1, 1) * 0.08) if dice.number() < 0.6 else 1.0
        shrunk = [F.adaptive_avg_pool2d(s * (gain * jitter), picture.shape[-1]) for s in (sigma_y, sigma_c)]
        sigma_y, sigma_c = shrunk
    planes = _conditioned(picture, sigma_y, sigma_c, q)
    top, left = dice.whole(2 * MARGIN + 1), dice.whole(2 * MARGIN + 1)
    planes = planes[..., top : top + size, left : left + size]
    span = slice(top * scale, (top + size) * scale), slice(left * scale, (left + size) * scale)
    return Batch(planes, full[..., span[0], span[1]])


def _blurred(picture: Tensor, scale: int, dice: Dice) -> Tensor:
    count = len(picture)
    kind = ("gaussian", "gaussian", "disc", "airy")[dice.whole(4)]
    widest = {"gaussian": 0.7, "disc": 1.1, "airy": 1.6}[kind] * scale
    spread = dice.uniform(count, 0.3 * widest, widest)
    kernels = blur_kernel(kind, 13, spread, dice.uniform(count, 0.5, 1.0), dice.uniform(count, 0, 3.1416))
    return convolve(picture, kernels)


def _grained(picture: Tensor, dice: Dice) -> tuple[Tensor, Tensor, Tensor]:
    """Add signal-dependent, possibly correlated luma and chroma noise; returns also both sigma maps."""
    count = len(picture)
    luma = picture[:, :1].clamp(0, 1)
    level = noise_levels(count, dice)[:, None, None, None]
    lean = dice.uniform(count, 0, 0.9)[:, None, None, None]
    rising = (dice.uniform(count, 0, 1) < 0.6)[:, None, None, None]
    slope = torch.where(rising, luma, 1 - luma).sqrt()
    sigma_y = level * (1 - lean + lean * slope)
    sigma_c = sigma_y * dice.uniform(count, 0.3, 1.5)[:, None, None, None]
    noise = dice.normal(*picture.shape)
    fine = _softened(noise[:, :1], dice.number(0.45, 0.8)) if dice.number() < 0.4 else noise[:, :1]
    coarse = _softened(noise[:, 1:], dice.number(0.5, 1.6)) if dice.number() < 0.6 else noise[:, 1:]
    return picture + torch.cat((fine * sigma_y, coarse * sigma_c), 1), sigma_y, sigma_c


def _softened(noise: Tensor, spread: float) -> Tensor:
    """White noise made spatially correlated by a Gaussian, at unit deviation."""
    ones = torch.full((1,), spread, device=noise.device)
    kernel = blur_kernel("gaussian", 7, ones, torch.ones_like(ones), torch.zeros_like(ones))
    kernel = kernel / (kernel**2).sum().sqrt()
    return convolve(noise, kernel.expand(len(noise), -1, -1))


_LUMA_TABLE = (
    "16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 62 "
    "18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 "
    "49 64 78 87 103 121 120 101 72 92 95 98 112 100 103 99"
)
_CHROMA_TABLE = (
    "17 18 24 47 99 99 99 99 18 21 26 66 99 99 99 99 24 26 56 99 99 99 99 99 47 66 99 99 99 99 99 99 "
    + "99 " * 32
)


def _table(text: str, device: torch.device) -> Tensor:
    return torch.tensor([float(v) for v in text.split()], device=device).view(1, 1, 1, 1, 8, 8)


def _dct(device: torch.device) -> Tensor:
    """The orthonormal 8x8 DCT-II matrix."""
    n = torch.arange(8, device=device, dtype=torch.float32)
    rows = torch.cos((2 * n[None, :] + 1) * n[:, None] * (torch.pi / 16)) * 0.5
    rows[0] *= 0.5**0.5
    return rows


def _quantised(plane: Tensor, steps: Tensor) -> Tensor:
    """Block DCT, quantise and back, of planes (N,C,H,W) with H and W multiples of 8."""
    count, channels, height, width = plane.shape
    blocks = plane.reshape(count, channels, height // 8, 8, width // 8, 8).transpose(3, 4)
    basis = _dct(plane.device)
    coefficients = basis @ blocks @ basis.t()
    coefficients = torch.round(coefficients / steps) * steps
    return (basis.t() @ coefficients @ basis).transpose(3, 4).reshape(plane.shape)


def jpeg(ycc: Tensor, quality: Tensor, dice: Dice) -> tuple[Tensor, Tensor]:
    """Simulate JPEG at per-sample qualities (N,) on Y, Cb, Cr (N,3,H,W), H and W multiples of 16.

    Chroma is halved in two thirds of the calls. Returns the picture and the level q (N,1,1,1).
    """
    factor = torch.where(quality < 50, 50 / quality, 2 - quality / 50)
    steps = factor.view(-1, 1, 1, 1, 1, 1)
    luma_steps = (_table(_LUMA_TABLE, ycc.device) * steps).round().clamp(1, 255)
    chroma_steps = (_table(_CHROMA_TABLE, ycc.device) * steps).round().clamp(1, 255)
    luma = _quantised(ycc[:, :1] * 255 - 128, luma_steps) / 255 + 128 / 255
    chroma = ycc[:, 1:] * 255
    if dice.number() < 0.66:
        chroma = F.interpolate(
            _quantised(F.avg_pool2d(chroma, 2), chroma_steps), scale_factor=2.0, mode="bilinear"
        )
    else:
        chroma = _quantised(chroma, chroma_steps)
    low = levels.from_jpeg_quality(50)
    q = (low + torch.log2(factor) / 7.8074).clamp(0.0, 1.0)
    return torch.cat((luma, chroma / 255), 1), q.view(-1, 1, 1, 1)
