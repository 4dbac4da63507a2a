"""Make a training pack (one ``.npz``, see ``tiles.py``) from folders of stills and clips.

    python -m interneg.engines.training.pack OUT.npz --stills DIR... --clips DIR... --data "NAME (LICENCE)"...

Stills are any images of at least 256x256 (several tiles are cut from large ones); a clip is a folder
of frames. Each is also reduced by 1, 2 and 4 and put through a real codec: clips through H.264 and
MPEG-2 with I and P frames, stills through JPEG and intra-only H.264 and MPEG-2.
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from interneg.engines.training import levels
from interneg.engines.training.resample import resize
from interneg.engines.training.tiles import pack_filter
from interneg.errors import InternegError
from interneg.io.image_reader import read_rgb8
from interneg.io.recompression import through_jpeg, through_video
from interneg.publish import replacing

Codes = NDArray[np.uint8]
SIDE = 256
SCALES = (1, 2, 4)


@dataclass
class CodedTiles:
    """Coded results of one scale while they are gathered."""

    pixels: list[Codes] = field(default_factory=list)
    tile: list[int] = field(default_factory=list)
    q: list[float] = field(default_factory=list)

    def add(self, pixels: Codes, tile: int, q: float) -> None:
        """Keep uint8 (H,W,3) pixels with the number of their tile and the codec's level, 0..1."""
        self.pixels.append(pixels)
        self.tile.append(tile)
        self.q.append(q)


def tiles_of(picture: Codes) -> list[Codes]:
    """Every whole 256x256 tile of a picture, uint8 (H,W,3), from its top left."""
    height, width = picture.shape[:2]
    corners = [(y, x) for y in range(0, height - SIDE + 1, SIDE) for x in range(0, width - SIDE + 1, SIDE)]
    return [picture[y : y + SIDE, x : x + SIDE] for y, x in corners]


def reduce(picture: Codes, scale: int) -> Codes:
    """Antialiased bicubic reduction of uint8 (H,W,3) to (H//scale,W//scale,3), rounded to 8 bits."""
    if scale == 1:
        return picture
    planar = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    small = resize(planar, picture.shape[0] // scale, picture.shape[1] // scale, "bicubic")
    rounded = np.ascontiguousarray(small[0].permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8).numpy())
    return rounded


def through_codec(frames: list[Codes], dice: np.random.Generator, still: bool) -> tuple[list[Codes], float]:
    """What a codec at a random setting makes of the frames, uint8 (H,W,3), and its level q, 0..1."""
    kind = dice.choice(["h264", "mpeg2", "jpeg"], p=[0.45, 0.2, 0.35] if still else [0.75, 0.25, 0.0])
    if kind == "jpeg":
        quality = int(dice.integers(8, 96))
        return [
            through_jpeg(f, quality, halved=bool(dice.random() < 0.7)) for f in frames
        ], levels.from_jpeg_quality(quality)
    group = 1 if still else 12
    if kind == "mpeg2":
        qscale = int(dice.integers(2, 29))
        coded = through_video(frames, "mpeg2video", {}, group=group, qscale=qscale)
        return coded, levels.from_mpeg2_qscale(qscale)
    qp = int(dice.integers(16, 46))
    options = {"preset": "veryfast", "qp": str(qp)}
    if dice.random() < 0.25:
        options["x264-params"] = "no-deblock=1"
    return through_video(frames, "libx264", options, group=group), levels.from_h264_qp(qp)


def make(stills: list[Path], clips: list[Path], cap_mib: float, seed: int) -> dict[str, NDArray[np.generic]]:
    """Gather tiles and their coded versions until the pixels reach about ``cap_mib`` compressed.

    Returns the arrays of the pack by name: filtered uint8 pixels (N,H,W,3), and (N,) of each fact of them.
    Stills of less than 256x256, and clips of that or of less than three frames, are left out.
    Raises ValueError for a folder that is not there or holds no picture, and where nothing is left;
    InputError for a picture that cannot be read.
    """
    dice = np.random.default_rng(seed)
    tiles: list[Codes] = []
    weight: list[float] = []
    gathered = {scale: CodedTiles() for scale in SCALES}
    sources: list[tuple[Path, bool]] = []
    for folder, is_clip in (*((f, False) for f in stills), *((f, True) for f in clips)):
        pictures = [p for p in folder.rglob("*") if p.suffix.lower() in IMAGES]
        if not pictures:
            kinds = ", ".join(sorted(IMAGES))
            raise ValueError(f"{folder} holds no picture ({kinds}): name a folder that does")
        found = {p.parent for p in pictures} if is_clip else set(pictures)
        sources += [(p, is_clip) for p in sorted(found)]
    if not sources:
        raise ValueError("a pack needs pictures: name folders with --stills or --clips")
    room = cap_mib * 2**20 / 0.6
    for index in dice.permutation(len(sources)):
        path, is_clip = sources[index]
        if is_clip:
            names = [p for p in sorted(path.iterdir()) if p.suffix.lower() in IMAGES]
            frames = [read_rgb8(p)[:SIDE, :SIDE] for p in names]
            whole = len(frames) > 2 and all(f.shape == (SIDE, SIDE, 3) for f in frames)
            shown = [2, len(frames) - 1] if whole else []
        else:
            frames = tiles_of(read_rgb8(path))
            shown = list(range(len(frames)))
        if not shown:
            continue
        first = len(tiles)
        tiles += [frames[i] for i in shown]
        weight += [0.0 if is_clip else 1.0] * len(shown)
        for scale in SCALES:
            for _ in range(2 if is_clip or scale > 1 else 1):
                coded, q = through_codec([reduce(f, scale) for f in frames], dice, not is_clip)
                for number, i in enumerate(shown):
                    gathered[scale].add(coded[i], first + number, q)
        used = sum(t.nbytes for t in tiles) + sum(p.nbytes for s in gathered.values() for p in s.pixels)
        if used > room:
            break
    if not tiles:
        raise ValueError(f"none of the {len(sources)} stills and clips has {SIDE}x{SIDE} pixels or more")
    out: dict[str, NDArray[np.generic]] = {
        "tiles": pack_filter(np.stack(tiles)),
        "weight": np.array(weight, np.float32),
    }
    for scale, of_scale in gathered.items():
        out[f"coded{scale}"] = pack_filter(np.stack(of_scale.pixels))
        out[f"coded{scale}_tile"] = np.array(of_scale.tile, np.int32)
        out[f"coded{scale}_q"] = np.array(of_scale.q, np.float32)
    return out


IMAGES = {".png", ".webp", ".jpg", ".jpeg", ".tif", ".tiff"}


def main(argv: list[str] | None = None) -> None:
    """The command: writes a pack, and says how large it is. An `out` without .npz is refused."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--stills", type=Path, nargs="*", default=[])
    parser.add_argument("--clips", type=Path, nargs="*", default=[])
    parser.add_argument(
        "--data",
        nargs="*",
        default=[],
        metavar="TEXT",
        help="what they are, with licences, for model cards",
    )
    parser.add_argument("--cap-mib", type=float, default=2048.0, help="stop at about this file size")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    if args.out.suffix != ".npz":
        parser.error(f"{args.out} does not end in .npz, which is what a pack is")
    try:
        arrays = make(args.stills, args.clips, args.cap_mib, args.seed)
        with replacing(args.out) as temporary:
            np.savez_compressed(temporary, data=np.array(args.data, np.str_), **arrays)  # type: ignore[arg-type]
    except (ValueError, InternegError) as error:
        parser.error(str(error))
    print(f"{len(arrays['tiles'])} tiles, {args.out.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
