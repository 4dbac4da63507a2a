"""What is changed for `bench fuzz`: small sound inputs of each kind, and the commands that take them."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import yaml

from bench.faults import plate
from bench.mutate import NUMBERS, WORDS, changed, damaged

FRAMES = range(1001, 1005)
PICTURES = (".exr", ".dpx", ".png", ".tif", ".jpg")
MOVIES = (".mov", ".mp4", ".mkv")
COPY = "grain-match:strength=0"
SOLVED = "deflicker | stabilise"
RECIPE = """input = "Linear Rec.709 (sRGB)"
output = "ACEScg"
depth = "half"

[[node]]
name = "deflicker"
strength = 0.8
window = 3
keep = 5

[[node]]
name = "stabilise"
smoothing = 4
warp = 0.0
edges = "black"
"""
FLEET = """runtime = "tensorrt-rtx"
models = ["denoise-sr-lite-x1"]

[[class]]
name = "artists"
gpus = ["RTX 4090", "RTX A6000"]
profiles = ["hd"]
precisions = ["fp16"]
"""
SCRIPT = """Root {
 inputs 0
 name comp.nk
 first_frame 1001
 last_frame 1004
 colorManagement OCIO
}
Read {
 inputs 0
 file FILE
 first 1001
 last 1004
 raw true
 name Read1
}
OFXorg.interneg.Deflicker_v1 {
 strength {{curve x1001 0.5 x1004 1}}
 window 3
 name Deflicker1
}
"""
CUTS = "1001 1003\n"
EDL = """TITLE: REEL
FCM: NON-DROP FRAME
001  REEL V     C        00:00:41:17 00:00:41:19 01:00:00:00 01:00:00:02
002  REEL V     C        00:00:41:19 00:00:41:21 01:00:00:02 01:00:00:04
"""


@dataclass(frozen=True)
class Case:
    """A command line, and what is to hold beyond its end: a fault in words, or nothing."""

    words: Sequence[str]
    check: Callable[[], str] | None = None


def draw_samples(folder: Path) -> None:
    """Make what no command makes."""
    source = plate(folder / "in", FRAMES, 64, 48)
    for name, text in {"r.toml": RECIPE, "fleet.toml": FLEET, "c.txt": CUTS, "c.edl": EDL}.items():
        (folder / name).write_text(text)
    (folder / "comp.nk").write_text(SCRIPT.replace("FILE", str(source)))
    _engine(folder / "store")
    _grained(folder / "grained")


def sample_commands(folder: Path) -> Iterator[list[str]]:
    """The commands that make the rest."""
    source = str(folder / "in" / "plate.%04d.exr")
    for suffix in (*PICTURES[1:], *MOVIES):
        name = f"p{suffix}" if suffix in MOVIES else f"p{suffix[1:]}/p.%04d{suffix}"
        space = ["--output-space", "sRGB - Display"] if suffix not in (".dpx", ".tif") else []
        yield ["render", COPY, source, str(folder / name), "--input-space", "ACEScg", *space]
    yield ["analyse", SOLVED, source, str(folder / "analysis")]
    yield ["render", SOLVED, source, str(folder / "out" / "r.%04d.exr")]


def _engine(folder: Path) -> None:
    """A store with one engine: a manifest, and bytes that stand for the engine."""
    from interneg.engines.manifest import SYSTEM
    from interneg.engines.store import EngineKey, Made, Store

    shapes = "64x64 1152x2048 1152x2048"
    key = EngineKey(
        "denoise-sr-lite-x1", "0" * 64, "fp16", "hd", shapes, "tensorrt", "10.13.0", "sm89 NVIDIA L4", SYSTEM
    )
    made = Made("0.2.0", "570.86", "12.8", 41.5, "2026-11-24T12:00:00Z")
    Store([folder]).build(key, lambda: (bytes(range(256)) * 40, made))


def _grained(folder: Path) -> None:
    folder.mkdir()
    grain = np.random.default_rng(1).normal(110, 9, (144, 192, 3))
    cv2.imwrite(str(folder / "g.1001.png"), np.clip(grain, 0, 255).astype(np.uint8))


def pictures(samples: Path, place: Path, dice: random.Random) -> Case:
    """One picture of a clip is changed."""
    suffix = dice.choice(PICTURES)
    given = samples / ("in" if suffix == ".exr" else f"p{suffix[1:]}")
    shutil.copytree(given, place / "in")
    (path := dice.choice(sorted((place / "in").glob(f"*{suffix}")))).write_bytes(
        changed(path.read_bytes(), dice)
    )
    pattern = str(place / "in" / f"{path.name.split('.')[0]}.%04d{suffix}")
    space = ["--input-space", "ACEScg"]
    others, out = str(samples / "in" / "plate.%04d.exr"), str(place / "out" / "r.%04d.exr")
    missing, into = dice.choice(["error", "hold", "skip"]), dice.choice(PICTURES)
    lines = [
        ["render", "deflicker:window=1", pattern, out, *space, "--missing", missing],
        ["render", COPY, pattern, str(place / "out" / f"r.%04d{into}"), *space],
        ["render", "deflicker:window=1", others, out, *space, "--mask", pattern],
        ["review", others, pattern, "--html", str(place / "page"), *space],
        ["qc", others, pattern, "--html", str(place / "page")],
    ]
    return Case(dice.choice(lines))


def movies(samples: Path, place: Path, dice: random.Random) -> Case:
    """A movie is changed."""
    path = place / f"p{dice.choice(MOVIES)}"
    path.write_bytes(changed((samples / path.name).read_bytes(), dice))
    out = str(place / dice.choice(["o.%04d.png", "o.mkv", "o.mov"]))
    return Case(["render", dice.choice([COPY, "deflicker:window=1"]), str(path), out])


def recipes(samples: Path, place: Path, dice: random.Random) -> Case:
    """A recipe, a host's script or a cut list is changed."""
    source, out = str(samples / "in" / "plate.%04d.exr"), str(place / "o.%04d.exr")
    name = dice.choice(["r.toml", "r.toml", "comp.nk", "c.txt", "c.edl"])
    (path := place / name).write_bytes(damaged((samples / name).read_bytes(), dice))
    if name == "comp.nk":
        return Case(["render", str(path), "--node", "Deflicker1", source, out])
    if name == "r.toml":
        return Case(["render", str(path), source, out])
    return Case(["render", "deflicker:window=1", source, out, "--cuts", str(path), "--input-space", "ACEScg"])


def analyses(samples: Path, place: Path, dice: random.Random) -> Case:
    """A file of an analysis is changed."""
    shutil.copytree(samples / "analysis", place / "analysis")
    files = sorted(p for p in (place / "analysis").rglob("*") if p.is_file())
    path = dice.choice(files)
    text = path.suffix == ".json"
    path.write_bytes((damaged if text else changed)(path.read_bytes(), dice))
    source, folder = str(samples / "in" / "plate.%04d.exr"), str(place / "analysis")
    out = str(place / "o.%04d.exr")
    lines = [
        ["render", SOLVED, source, out, "--analysis", folder],
        ["analyse", SOLVED, source, folder],
        [
            "review",
            source,
            str(samples / "out" / "r.%04d.exr"),
            "--html",
            str(place / "p"),
            "--analysis",
            folder,
        ],
    ]
    if path.name == "stabilise.json":
        lines.append(["render", f"stabilise:path={path}", source, out])
    if path.name == "deflicker.json":
        lines.append(["render", f"deflicker:exposures={path}", source, out])
    return Case(dice.choice(lines))


def grains(samples: Path, place: Path, dice: random.Random) -> Case:
    """A grain profile is changed."""
    from interneg.grain import stocks

    given = Path(stocks.__file__).with_name(f"{dice.choice(stocks.NAMES)}.grain.toml")
    (path := place / "p.grain.toml").write_bytes(damaged(given.read_bytes(), dice))
    mode = dice.choice(["add", "match", "remove"])
    source = str(samples / "grained" / "g.%04d.png")
    return Case(["render", f"grain-match:mode={mode},profile={path}", source, str(place / "o.%04d.png")])


def manifests(samples: Path, place: Path, dice: random.Random) -> Case:
    """The manifest of an engine, the side file of a frame, or a fleet is changed."""
    which = dice.randrange(3)
    if which == 0:
        shutil.copytree(samples / "store", place / "store")
        path = dice.choice([p for p in (place / "store").iterdir() if p.suffix != ".lock"])
        path.write_bytes((damaged if path.suffix == ".json" else changed)(path.read_bytes(), dice))
        return Case(
            [
                "build_engines.py",
                "--store",
                str(place / "store"),
                dice.choice(["--list", "--verify", "--prune"]),
            ]
        )
    if which == 1:
        shutil.copytree(samples / "out", place / "out")
        path = dice.choice(sorted((place / "out" / ".interneg").glob("*.json")))
        path.write_bytes(damaged(path.read_bytes(), dice))
        source, out = str(samples / "in" / "plate.%04d.exr"), str(place / "out" / "r.%04d.exr")
        return Case(
            dice.choice([["render", SOLVED, source, out], ["review", source, out, "--html", str(place)]])
        )
    (path := place / "fleet.toml").write_bytes(damaged((samples / "fleet.toml").read_bytes(), dice))
    return Case(["build_engines.py", "--fleet", str(path), "--submit", "openjd", "--dry-run"])


def templates(samples: Path, place: Path, dice: random.Random) -> Case:
    """A job is made of odd names, ranges and knobs: what is made must be a job template by its own model."""
    words = {
        "recipe": SOLVED,
        "input": str(samples / "in" / "plate.%04d.exr"),
        "output": str(place / "out" / "r.%04d.exr"),
        "--frames": "1001-1004", "--chunk": "2", "--name": "shot", "--set": "deflicker.strength=0.5",
        "--program": "interneg", "--input-space": "ACEScg", "--cores": "2", "--memory": "4",
    }  # fmt: skip
    for name in dice.sample(sorted(words), dice.randint(1, 3)):
        word = dice.choice((*WORDS, *NUMBERS)).replace("\0", "")
        if name in ("input", "output") and dice.random() < 0.7:
            word = words[name] + word
        words[name] = word
    if dice.random() < 0.5:
        given = [w for name in ("--frames", "--set", "--input-space") for w in (name, words[name])]
        return Case(["render", words["recipe"], words["input"], words["output"], *given])
    options = [w for name, word in words.items() if name.startswith("--") for w in (name, word)]
    manager = dice.choice(["openjd", "openjd", "opencue", "deadline"])
    extra = dice.sample(["--analyse", "--no-review"], dice.randint(0, 2))
    line = ["submit", manager, words["recipe"], words["input"], words["output"], *options, *extra]
    dest = place / "job"
    return Case([*line, "--dest", str(dest)], (lambda: _template(dest)) if manager == "openjd" else None)


def _template(folder: Path) -> str:
    """Why a bundle is no job template; empty where it is one."""
    from openjd.model import DecodeValidationError, decode_job_template

    try:
        data = yaml.safe_load((folder / "template.yaml").read_text())
        decode_job_template(template=data, supported_extensions=["TASK_CHUNKING"])
    except (DecodeValidationError, yaml.YAMLError) as error:
        return f"no job template: {error}"
    return ""


KINDS: dict[str, Callable[[Path, Path, random.Random], Case]] = {
    "pictures": pictures,
    "movies": movies,
    "recipes": recipes,
    "analyses": analyses,
    "grain profiles": grains,
    "manifests": manifests,
    "templates": templates,
}
