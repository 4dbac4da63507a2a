"""A graph probed: all that a catalogue entry says of it, found out or asked for in one message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from interneg.engines.importing import colours
from interneg.engines.importing.behaviour import Behaviour, behaviour
from interneg.engines.importing.colours import Guess
from interneg.engines.importing.convention import Convention
from interneg.engines.importing.locality import Locality, locality
from interneg.engines.importing.noise_unit import noise_unit
from interneg.engines.importing.raw import RawGraph
from interneg.engines.importing.signature import Signature, signature
from interneg.engines.importing.sizes import Placement, Sizes, border_of, placement, sizes
from interneg.engines.importing.wishes import Wishes
from interneg.engines.importing.wrapping import freed
from interneg.errors import EngineError, UsageError

_QUARTER = 0.2
# SPAN, which is trained for error, comes within 0.001; what is trained against a discriminator does not.
_DRAWN = 0.03


class Probed(NamedTuple):
    """What was found out of a graph. model: its ONNX, with free sides where it runs so."""

    model: Any
    graph: RawGraph
    signature: Signature
    sizes: Sizes
    how: Convention
    placement: Placement
    ranges: Guess
    order: Guess
    noise: Guess
    locality: Locality
    behaviour: Behaviour
    is_perceptual: bool

    @property
    def warnings(self) -> list[str]:
        """What the user should know, in sentences."""
        found = []
        if self.locality.everywhere:
            found.append(
                f"each result depends on the whole picture ({', '.join(self.locality.everywhere)}), by up to "
                f"{self.locality.change:.2g}: tiles show seams so high, and it cannot be used over time"
            )
        if max(map(abs, self.placement.left_over)) > _QUARTER and self.placement.is_alike:
            down, right = self.placement.left_over
            found.append(
                f"its result lies {right:+.2f} pixels to the right of its input and {down:+.2f} below, which "
                "is no whole pixel, and stays"
            )
        if self.behaviour.level > 1 / 255 or self.behaviour.colour > 1 / 255:
            found.append(
                f"it moves flat fields by up to {255 * self.behaviour.level:.1f} code values of level, and "
                f"{255 * self.behaviour.colour:.1f} of colour: fidelity_lock holds that"
            )
        if self.behaviour.apart > _DRAWN and not self.is_perceptual:
            found.append(
                f"of a clean picture it makes one that is {255 * self.behaviour.apart:.1f} codes from it, "
                "more than models that are trained for error do: where it was trained to please the eye, say "
                "--perceptual"
            )
        if self.behaviour.beyond == "not finite":
            found.append("values outside 0..1 make it give NaN or inf; the node never shows it any")
        return found


def probe(model: Any, wishes: Wishes, report: Callable[[str], None]) -> Probed:
    """Find out what there is to know. report: told what is being tried.

    Raises EngineError for what cannot be imported, with the reason; UsageError naming at once every option
    that the user has to give.
    """
    report("sizes and scale")
    model, graph, form, found = _opened(model, wishes)
    lone = Convention(takes=wishes.takes or "0..1")
    placed = placement(lambda planes: graph.run(lone.encoded(planes)), found)
    if not placed.is_alike and wishes.takes is None:
        others = [placement(lambda p, c=c: graph.run(c.encoded(p)), found)  # type: ignore[misc]
                  for c in (Convention(takes="0..255"), Convention(takes="-1..1"))]  # fmt: skip
        placed = max((placed, *others), key=lambda p: p.likeness)
    if not placed.is_alike:
        if any(found.less):
            raise EngineError(
                "the model's output is smaller than its input enlarged, and shows too little of it to tell "
                "where it lies: export it so that it pads its input itself"
            )
        placed = placed._replace(start=(0, 0), left_over=(0.0, 0.0))
    border = border_of(found, placed.start, found.multiple)
    start = (placed.start[0] + border * found.scale, placed.start[1] + border * found.scale)
    how = Convention(scale=found.scale, border=border, start=start)
    if border and form.size is not None:
        raise EngineError(
            f"the model takes {form.size[1]}x{form.size[0]} pixels alone and gives fewer of them, so that "
            "tiles cannot be put together: export it with free height and width"
        )
    report("range and order of colours")
    ranges, how = colours.ranges(graph, model, found, how, wishes.takes, wishes.gives)
    order, how = colours.order(graph, model, found, how, wishes.layout)
    if questions := [guess.question for guess in (ranges, order) if guess.question]:
        raise UsageError("what the probe could not find out, say by " + "; and ".join(questions))
    noise = noise_unit(graph, found, how, wishes.noise_range)
    how = how._replace(noise_range=noise.value)
    report("level, colour and range")
    moves = behaviour(graph, found, how)
    near = locality(graph, model, found, how, report)
    return Probed(
        model, graph, form, found, how, placed, ranges, order, noise, near, moves, wishes.perceptual
    )


def _opened(model: Any, wishes: Wishes) -> tuple[Any, RawGraph, Signature, Sizes]:
    """The graph, with free sides where it runs so."""
    form = signature(model, wishes.output)
    if form.size is not None:
        free = freed(model, form)
        try:
            form_free = signature(free, wishes.output)
            graph = RawGraph(free.SerializeToString(), form_free)
            return free, graph, form_free, sizes(graph, wishes.scale)
        except EngineError:
            pass  # it was written for one size
    graph = RawGraph(model.SerializeToString(), form)
    return model, graph, form, sizes(graph, wishes.scale)
