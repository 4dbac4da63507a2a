"""Denoise-SR: removes noise and compression damage and enlarges, in one step.

Use it for noisy, compressed or small footage. Noise and resolution are solved jointly, because a denoiser
cannot know what an upscaler will need. The networks are of the fidelity family: trained for error, so they
sharpen what is there and draw nothing that is not. Over time, neighbours are averaged along the motion first,
and the network is told the noise that is left; at the picture's own size it sees the frame and its
neighbours beside their average.

Sources: joint restoration, Liang et al., SwinIR, 2021; noise map as input, Zhang et al., FFDNet, 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from interneg.colour import WorkingSpace
from interneg.engine import CORRECTED, ToldEngine
from interneg.errors import KnobError
from interneg.frame import Pixels
from interneg.grain.noise import described, per_channel, white
from interneg.knobs import AUTO, Button, knob
from interneg.node import Node, View
from interneg.resize import cubic, reduce
from interneg.restore.cleaned import CLEANER, cleaned
from interneg.restore.coding import average, coding_noise
from interneg.restore.correction import correction
from interneg.restore.lock import lock
from interneg.restore.own_model import WHITE, corrected, restored
from interneg.restore.plateaus import hold_extremes, hold_rgb
from interneg.restore.stack import OVER_TIME, Stack
from interneg.restore.trained import noise_seen, see, trust

# How many deviations of the noise a result may lie beyond its plateaus, and a locked one beside the input.
_HELD, _LOCKED = np.float32(2.5), np.float32(2.0)
# What measures as less, in code values, may be a compressed clip.
_QUIET = 0.5
_LEAST_NOISE = 0.5 / 255
_OURS = ("lite", "standard")


@dataclass(frozen=True, kw_only=True)
class DenoiseSR(Node):
    """Removes noise and compression damage and enlarges."""

    name: ClassVar[str] = "denoise-sr"
    label: ClassVar[str] = "Denoise-SR"
    help: ClassVar[str] = "Removes noise and compression damage and enlarges 1x, 2x or 4x, jointly."
    version: ClassVar[int] = 11
    working_space: ClassVar[WorkingSpace] = WorkingSpace.LOG_Y
    layers: ClassVar[str] = "Changes the picture (R, G, B, or Y); alpha and AOVs are only enlarged with it."
    buttons: ClassVar[tuple[Button, ...]] = (
        Button(
            "measure_noise", "Measure noise",
            "Measures the noise of the frame shown, and sets the knob Noise to its mean as luma shows "
            "it: the same for every frame from then on.",
            knob="noise",
            found="The noise of frame {frame} is {value:.1f} code values per channel on average.",
        ),
    )  # fmt: skip

    scale: str = knob(
        "1", "choice", "Scale", "How many times larger the result is in each direction.",
        choices=("1", "2", "4"), animatable=False,
    )  # fmt: skip
    model: str = knob(
        "lite", "choice", "Model",
        "lite is fast; standard is slower and a little sharper, and leaves more of strong blocks. A model of "
        "your own (interneg import-model, interneg train) restores as it was trained to: noise counts where "
        "it takes that, deblock does not, and where it enlarges more than scale its result is reduced.",
        choices=_OURS, others="the name of a model of your own", animatable=False,
    )  # fmt: skip
    noise: float | str = knob(
        AUTO, "float", "Noise",
        "Standard deviation of the noise to remove, of R, G and B each, in 8-bit code values of the encoded "
        "picture, as cameras and other tools give it; auto measures it in each frame, separately for dark "
        "and bright parts and for luma and colour. auto reads compressed footage as free of noise: set a "
        "number there, or use deblock. 0 removes no noise.",
        unit="code values", hard=(0.0, 100.0), slider=(0.0, 50.0), auto=True,
    )  # fmt: skip
    detail: float = knob(
        0.0, "float", "Detail",
        "How much of the removed luma texture is given back: grain, and fine detail that was taken for "
        "grain.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    deblock: float = knob(
        0.0, "float", "Deblock",
        "How strongly the picture was compressed: 0 not at all, 0.3 good web video, 0.6 visible blocks, "
        "1 ruined. Removes blocks, ringing, mosquito noise, and blocks and spots of colour.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    fidelity_lock: bool = knob(
        False, "bool", "Fidelity lock",
        "Holds the result to what was photographed: reduced to the input's size, it differs from the input "
        "by at most twice the noise. What compression left (see deblock) counts as noise. Always on for a "
        "model of your own that is perceptual, unless unlock is.",
    )  # fmt: skip
    unlock: bool = knob(
        False, "bool", "Unlock",
        "Leaves a perceptual model of your own, which draws detail that was not photographed, without the "
        "fidelity lock.",
    )  # fmt: skip

    temporal: int = knob(
        0, "int", "Temporal",
        "Frames on each side that are looked at along the motion: steadier and sharper, but slower. At 1x "
        "one network, the same with either model, sees them beside their average; enlarging, the network "
        "sees the average alone. Parts that no other frame shows are restored from their own frame alone.",
        unit="frames", hard=(0, 2), slider=(0, 2), animatable=False,
    )  # fmt: skip

    @property
    def reach(self) -> tuple[int, int]:
        """The frames that are averaged."""
        return (self.temporal, self.temporal)

    @property
    def enlarges(self) -> int:
        """The scale as a number."""
        return int(self.scale)

    @property
    def models(self) -> tuple[str, ...]:
        """One network for each model and scale; over time one that sees all frames, and one to compare."""
        own = f"denoise-sr-{self.model}-x{self.scale}" if self.model in _OURS else self.model
        if not self.temporal:
            return (own,)
        return tuple(dict.fromkeys((own, CLEANER, *((OVER_TIME,) if self._sees_all else ()))))

    @property
    def _sees_all(self) -> bool:
        """Whether a network sees the neighbours themselves, and not their average alone."""
        return self.temporal > 0 and self.enlarges == 1 and self.model in _OURS

    def process(self, view: View) -> Pixels:
        """Y, Cb, Cr (or Y alone) in, the same out, (C, H * scale, W * scale) float32."""
        plain, scale, guest = view.planes(), self.enlarges, self._guest(view)
        # What the network sees: Y, Cb, Cr, the deviations of luma's and colour's noise, the level of coding.
        net = np.zeros((6, *plain.shape[1:]), np.float32)
        count = see(plain, net)
        net[3:5] = own = self._deviations(view, net[:count])
        if self.noise == AUTO:
            self._tell(view, own, count)
        # One that was trained on the user's plates knows how they were compressed.
        net[5] = self.deblock if guest is None else 0
        if count == 1:
            net[4] = 0
        given, stack = plain, None
        if self.temporal and (self.noise != 0 or self.deblock):
            given, seen = plain.copy(), net[: len(plain)]
            stack = Stack.of(net) if self._sees_all else None
            given[:count], net[3:5] = average(
                view,
                count,
                self.deblock,
                lambda offset: self._deviations(view, seen, offset, count) if offset else own,
                cleaned(view, f"{self.noise}", self.deblock, partial(self._deviations, view)),
                *([stack.add] if stack else []),
            )
            see(given, net)
            if count == 1:
                net[4] = 0
        if scale == 1 and not net[3:].any() and (guest is None or _is_told(guest)):
            return given  # there is nothing to remove
        if guest is not None and guest.traits.makes == "correction":
            result = corrected(guest, given, net, count, scale)
        elif guest is not None:
            result = restored(guest, given, (net[3], net[4]), scale)
        else:
            asked = view.context.engines, self.models[0], net, stack, given, count, scale, self.deblock
            change = correction(*asked)
            result = np.zeros((len(given), *change.shape[1:]), np.float32)
            trusted = trust(given[:count], net[:count], scale)
            for plane, source, more in zip(result[:count], given, change, strict=False):
                np.add(cubic(source, scale), more if trusted is None else more * trusted, out=plane)
        if self.detail:
            result[0] += self.detail * cubic(plain[0] - reduce(result[0], scale), scale)
        # What is given back may be more than an average shows.
        held, noise = (plain, own) if self.detail else (given, net[3:5])
        coded = np.float32(coding_noise(self.deblock))
        if scale > 1 and guest is None:
            hold_rgb(result, held, scale, _HELD * np.hypot(np.maximum(*noise), coded))
        if self.fidelity_lock or (guest is not None and guest.traits.perceptual and not self.unlock):
            for plane, source, sigma in zip(result[:count], plain, (*own, own[1]), strict=False):
                lock(plane, source, scale, _LOCKED * np.hypot(sigma, coded))
        hold_extremes(result, held, scale, 1.0 if guest is None else WHITE)
        return result

    def find(self, knob: str, view: View) -> float:
        """What `auto` finds in luma in the window's own frame, on average, in code values per channel."""
        given = view.planes()
        seen = np.empty_like(given)
        count = see(given, seen)
        luma, _ = per_channel(*noise_seen(view, 0).map(seen[:count]), count)
        return round(255 * float(luma.mean()), 1)

    def synthesis_unit(self, view: View) -> float:
        """Of a perceptual model, the deviation of the input's noise, and half a code value at least."""
        guest = self._guest(view)
        if guest is None or not guest.traits.perceptual:
            return 1.0
        seen = np.empty_like(view.planes())
        luma, _ = self._deviations(view, seen[: see(view.planes(), seen)])
        return max(float(luma.mean()), _LEAST_NOISE)

    def _deviations(
        self, view: View, seen: Pixels, offset: int = 0, count: int | None = None
    ) -> tuple[Pixels, Pixels]:
        """The standard deviations of luma and chroma in the frame at `offset`, where it shows what is `seen`.

        (H, W) each, or (1, 1) where they are the same everywhere. count: of the planes that are not all 0.
        """
        if self.noise != AUTO:
            return white(float(self.noise) / 255, count or len(seen))
        return noise_seen(view, offset).map(seen)

    def _guest(self, view: View) -> ToldEngine | None:
        """The engine of a model of the user's own; None with Interneg's own.

        Raises KnobError for one that this node cannot use, or not over time.
        """
        if self.model in _OURS:
            return None
        engine = view.context.engines.open(self.model)
        if not isinstance(engine, ToldEngine) or not _makes_pictures(engine):
            raise KnobError(
                f"{self.name} cannot use the model {self.model}: it makes no picture of a picture"
            )
        if engine.traits.everywhere and self.temporal:
            raise KnobError(
                f"the model {self.model} looks at the whole picture at once "
                f"({', '.join(engine.traits.everywhere)}), so that what moves in one corner changes all "
                "others: set temporal to 0"
            )
        return engine

    def _tell(self, view: View, measured: tuple[Pixels, Pixels], count: int) -> None:
        """Tell the user the deviations that were measured in the window's own frame, of `count` planes."""
        found = f"noise measured in frame {view.window.frame.number}: {described(*measured, count)}"
        if 255 * measured[0].max() < _QUIET and not self.deblock:
            found += "; compressed footage reads as free of noise: set deblock, or noise to a number"
        view.context.tell(self.name, found)


def _makes_pictures(engine: ToldEngine) -> bool:
    makes, takes = engine.traits[:2]
    return makes == "picture" or (makes == "correction" and takes == CORRECTED)


def _is_told(engine: ToldEngine) -> bool:
    """Whether all that a model removes is the noise that it is told of."""
    makes, takes = engine.traits[:2]
    return makes == "picture" and any("sigma" in plane for plane in takes)
