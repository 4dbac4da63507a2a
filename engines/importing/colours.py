"""In what range and order of planes a graph takes and gives its picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from interneg.engines.importing.convention import RANGES, Convention, Order, Range
from interneg.engines.importing.raw import RawGraph
from interneg.engines.importing.sizes import Sizes, blobs
from interneg.frame import Pixels
from interneg.resize import reduce

# A result is taken for its input where it is no farther from it, and nothing else comes as near.
_NEAR, _CLEARLY, _LEAST = 0.1, 1.5, 0.005
# Results that differ by less are the same.
_SAME = 0.5 / 255
# The mean colours of DIV2K and of ImageNet, which networks subtract in the order of their planes.
_MEANS = ((0.4488, 0.4371, 0.4040), (0.485, 0.456, 0.406))
_UNITS: tuple[Range, ...] = ("0..1", "0..255")


class Guess(NamedTuple):
    """A range or order that was found, and how; or what to ask the user."""

    value: Any
    how: str
    question: str = ""


def ranges(
    graph: RawGraph, model: Any, found: Sizes, how: Convention, takes: Range | None, gives: Range | None
) -> tuple[Guess, Convention]:
    """Find the ranges of input and output, trying what makes of a picture most nearly the same.

    model: the graph's ONNX, whose constants may tell. how: scale, border and start. takes, gives: where the
    user knows. Returns also the convention with them and with the order of the result's planes where that
    differs from the input's (as if the input were RGB).
    """
    wanted = blobs(found.planes, found.side)
    tried: list[tuple[float, Convention]] = []
    for taken in (takes,) if takes else RANGES:
        raw = graph.run(how._replace(takes=taken).encoded(wanted))
        for given, turned in product((gives,) if gives else RANGES, (False, True)):
            if turned and len(wanted) != 3:
                continue
            one = how._replace(takes=taken, gives=given, order_out="bgr" if turned else "rgb")
            made = one.decoded(raw, found.side)
            small = np.stack([reduce(p, how.scale) for p in made])
            away = float(np.sqrt(np.mean(np.square(_inner(small) - _inner(wanted)))))
            tried.append((away if np.isfinite(away) else np.inf, one))
    tried.sort(key=lambda t: t[0])
    straight = next(((away, c) for away, c in tried if c.order_out == "rgb"), tried[0])
    if not (tried[0][0] <= _NEAR and _CLEARLY * tried[0][0] < straight[0]):
        tried = [t for t in tried if t[1].order_out == "rgb"]  # turned round only where that is clear
    (best, chosen), *others = tried
    if takes and gives:
        words, said = f"in {chosen.takes}, out {chosen.gives}, as given", _told(model)
        if said and said.unit and said.unit != chosen.takes:
            words += f", though {said.by} speaks for {said.unit}"
        return Guess(chosen.takes, words), chosen
    rivals = [c for away, c in others if away <= _CLEARLY * best + _LEAST and best <= _NEAR]
    if best <= _NEAR and not rivals:
        words = f"in {chosen.takes}, out {chosen.gives}"
        return Guess(chosen.takes, f"{words}: the result is {best:.2g} from its input"), chosen
    if best <= _NEAR:
        # What holds its result to just one of the ranges was made for that.
        edges = _edges(found)

        def made_of(planes: Pixels) -> dict[Convention, Pixels]:
            return {c: c.decoded(graph.run(c.encoded(planes)), found.side) for c in (chosen, *rivals)}

        # A result that nothing holds follows edges that go beyond the range.
        if len(holding := [c for c, m in made_of(2 * edges - np.float32(0.5)).items() if _is_held(m)]) == 1:
            words = f"in {holding[0].takes}, out {holding[0].gives}"
            return Guess(holding[0].takes, f"{words}: the result is held to it"), holding[0]
        told = _told(model)
        if told and told.unit:
            both = [c for c in (chosen, *rivals) if c.takes == c.gives == told.unit]
            if both and not (takes or gives):
                words = f"in {told.unit}, out {told.unit}"
                return Guess(told.unit, f"{words}, by {told.by}"), both[0]
        # A network without constants scales what it is given: any range that is no shift is as good.
        results = made_of(edges)
        if all(np.abs(_inner(m - results[chosen])).max() <= _SAME for m in results.values()):
            simple = min(results, key=lambda c: (c.takes != c.gives, list(RANGES).index(c.takes)))
            words = f"in {simple.takes}, out {simple.gives}"
            return Guess(simple.takes, f"{words}; others would give the same"), simple
    return Guess(
        None,
        "",
        "--range: are its pictures in 0..1 (most are), in 0..255 or in -1..1? Neither the file nor what it "
        "makes of pictures tells" + ("" if gives or takes else "; --output-range, where its result differs"),
    ), chosen


def order(
    graph: RawGraph, model: Any, found: Sizes, how: Convention, asked: Order | None
) -> tuple[Guess, Convention]:
    """Find the order of the planes. how: with the ranges and, where the result is turned round, order_out."""
    turned = how.order_out == "bgr"
    if graph.signature.planes == 1:
        if asked in ("rgb", "bgr"):
            return Guess(
                None, "", f"--layout: the model takes one plane, not {asked}: say y, or nothing"
            ), how
        return Guess("y", "one plane, luma"), how._replace(order_in="y", order_out="y")
    if asked == "y":
        return Guess(None, "", "--layout: the model takes three planes, not y: say rgb or bgr"), how

    def placed(first: Order) -> Convention:
        same = first == "rgb"
        return how._replace(order_in=first, order_out="rgb" if same != turned else "bgr")

    told = _told(model)
    if asked:
        words = f"{asked}, as given" + (", turned round on the way" if turned else "")
        if told and told.order != asked:
            words += f", though {told.by} speaks for {told.order}"
        return Guess(asked, words), placed(asked)
    if told:
        return Guess(told.order, f"{told.order}, by {told.by}"), placed(told.order)
    if not turned:
        picture = blobs(3, found.side)
        straight = graph.restored(picture, placed("rgb"))
        swapped = graph.restored(picture, placed("bgr"))
        apart = float(np.abs(straight - swapped).max())
        if apart <= _SAME:
            return Guess("rgb", "either: red and blue are treated alike"), placed("rgb")
        why = f"it treats red and blue differently, by up to {255 * apart:.1f} code values"
    else:
        why = "it gives its planes in the opposite order of those it takes"
    return Guess(
        None, "", f"--layout: {why}, and nothing in the file says which is first: rgb (most are) or bgr"
    ), how


class _Told(NamedTuple):
    """order: of the planes. by: what tells it. unit: the range that the same thing tells; None where none."""

    order: Order
    by: str
    unit: Range | None = None


def _told(model: Any) -> _Told | None:
    """What names or constants in the file say of the order of planes."""
    onnx = __import__("onnx")
    names: Sequence[str] = [v.name.casefold() for v in (*model.graph.input, *model.graph.output)]
    names = [*names, *(f"{p.key} {p.value}".casefold() for p in model.metadata_props)]
    words: tuple[Order, Order] = ("rgb", "bgr")
    said = {word for word in words for name in names if word in name}
    if len(said) == 1:
        return _Told(said.pop(), "its own words")
    constants = [(node.output[0], a.t) for node in model.graph.node if node.op_type == "Constant"
                 for a in node.attribute if a.name == "value"]  # fmt: skip
    for name, tensor in (*((t.name, t) for t in model.graph.initializer), *constants):
        if tuple(d for d in tensor.dims if d != 1) != (3,):
            continue
        values = onnx.numpy_helper.to_array(tensor).reshape(-1).astype(float)
        for mean in _MEANS:
            for word, triple in zip(words, (mean, mean[::-1]), strict=True):
                for unit in _UNITS:
                    if np.allclose(np.abs(values), RANGES[unit][0] * np.array(triple), rtol=2e-3):
                        return _Told(word, f"the mean colours that it subtracts ({name})", unit)
    return None


def _edges(found: Sizes) -> Pixels:
    """Edges from 0 to 1, at which whatever sharpens goes beyond both: (planes, H, W) float32."""
    rows, columns = np.indices(found.side)
    steps = ((rows // 9 + columns // 7) % 2).astype(np.float32)
    return np.stack([np.roll(steps, 3 * k, 1) for k in range(found.planes)])


def _is_held(made: Pixels) -> bool:
    """Whether a result reaches 0 and 1 and leaves them nowhere."""
    low, high = float(made.min()), float(made.max())
    return -1e-3 <= low < 0.02 and 0.98 < high <= 1 + 1e-3


def _inner(planes: Pixels) -> Pixels:
    """Without the border, where a network sees its own padding."""
    cut = min(12, min(planes.shape[1:]) // 4)
    return planes[:, cut:-cut, cut:-cut]
