"""The model card of an import: where it is from, and what was measured, for people to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from interneg.engines.importing.halving import Halved
from interneg.engines.importing.measured import EngineFigures
from interneg.engines.importing.probe import Probed

_NOISE = {
    "": "it takes none: the knob noise does not reach it",
    "channel": "a further plane of its input",
    "plane": "an input of its own, a plane",
    "scalar": "an input of its own, one number: the mean over the picture",
}
_BEYOND = {
    "kept": "kept",
    "held": "held to about 0..1",
    "not finite": "NaN or inf",
}


def card_text(
    entry: Mapping[str, Any], probed: Probed, half: Halved, measured: EngineFigures, warnings: Sequence[str]
) -> str:
    """The card, in Markdown."""
    rows = [f"# {entry['name']}", "", entry["description"], ""]
    rows += ["| | |", "|---|---|"]
    origin = entry["origin"]
    facts = {
        "file": f"`{origin['file']}`, SHA-256 `{origin['sha256']}`",
        "from": origin["url"] or "not stated",
        "licence": entry["licence"],
        "family": entry["family"],
        "imported by": origin["made_by"],
        "parameters": f"{entry['parameters']:,}",
    }
    rows += [f"| {key} | {value} |" for key, value in {**facts, **found(probed, half, measured)}.items()]
    if warnings:
        rows += ["", "## To know", "", *(f"- {w[0].upper()}{w[1:]}." for w in warnings)]
    rows += [
        "",
        "Figures are of the encoded picture, 0..1. Time and memory are for a megapixel of input, in fp32 on "
        "the processor that imported it.",
    ]
    return "\n".join(rows) + "\n"


def found(probed: Probed, half: Halved, measured: EngineFigures) -> dict[str, str]:
    """What was found out and measured, by what it is."""
    form, how, near, moves = probed.signature, probed.how, probed.locality, probed.behaviour
    down, right = probed.placement.left_over
    size = f"{form.size[1]}x{form.size[0]} pixels alone" if form.size else f"any multiple of {near.step}"
    halo = f"{near.halo} pixels"
    if near.everywhere:
        halo = f"the whole picture, by {', '.join(near.everywhere)}; changes by up to {near.change:.2g}"
    fp16 = f"does not hold: {half.why}"
    if half.weights is not None and half.figures is not None:
        fp16 = f"holds, {half.figures.psnr:.0f} dB against fp32, largest error {half.figures.maximum:.2g}"
        if half.kept:
            fp16 += f"; {len(half.kept)} layers overflow and stay in fp32"
    seam = "a graph of one size has no whole to compare with"
    if measured.seam is not None:
        seam = f"{measured.seam:.2g}"
    right, down = (round(v, 2) + 0.0 for v in (right, down))  # no -0.00
    shift = f"{right:+.2f} right, {down:+.2f} down, of an output pixel"
    if how.border or any(probed.placement.start):
        top, left = probed.placement.start
        shift += f", once what the graph crops or shifts ({left} right, {top} down) is put back"
    return {
        "scale": f"{how.scale}x",
        "range": probed.ranges.how,
        "order of planes": probed.order.how,
        "noise level": ", ".join(filter(None, (_NOISE[form.noise], probed.noise.how))),
        "sizes": size,
        "looks at": halo,
        "shift of the result": shift
        if probed.placement.is_alike
        else "not known: the result is unlike the input",
        "level of flat fields": f"moves by up to {255 * moves.level:.2f} code values",
        "colour of flat fields": f"moves by up to {255 * moves.colour:.2f} code values",
        "half the brightness": f"gives half the result to {255 * moves.follows:.1f} code values",
        "a clean picture": f"comes back to {255 * moves.apart:.1f} code values, once reduced again",
        "values outside 0..1": _BEYOND[moves.beyond],
        "fp16": fp16,
        "tiles against whole": seam,
        "time": f"{measured.seconds:.2g} s per megapixel",
        "memory": f"{measured.memory / 2**20:.0f} MiB per megapixel",
        "runs": measured.runs,
    }
