"""GrainMatch: removes a plate's grain, gives it back after the work, and gives it to other pictures.

Use it around compositing and paint: `remove` before, `restore` after, which gives each pixel that was left
alone the plate's own grain back, bit for bit, and grain made anew to what was changed. `match` brings one
plate to the grain of another, `add` gives grain to what has none. Grain is removed on each scale that it has,
by the networks that remove noise; it is made by filtering noise to a measured spectrum, so it never repeats.

Sources: grain as filtered noise whose strength follows density, Yan and Hatzinakos, Signal-dependent film
grain noise removal and generation, 1997; its look on film, Newson, Delon and Galerne, 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from interneg.analysis import Analysis
from interneg.colour import WorkingSpace
from interneg.frame import Mask, Pixels
from interneg.grain.encoding import from_codes
from interneg.grain.found import USUAL, of_plate, profile_in, reference_view
from interneg.grain.own import regrained
from interneg.grain.profile import GrainProfile
from interneg.grain.profile_file import text
from interneg.grain.scale import at_pitch, coarser
from interneg.grain.shot import FrameGrain, ShotGrain, seen
from interneg.grain.stocks import NAMES, stock
from interneg.grain.synthesis import Grain, laid
from interneg.knobs import AUTO, Button, knob
from interneg.node import Node, View
from interneg.restore.cleaned import CLEANER
from interneg.restore.degrained import Removal, degrained
from interneg.restore.stack import OVER_TIME


@dataclass(frozen=True, kw_only=True)
class GrainMatch(Node):
    """Removes a plate's grain, gives it back after the work, and gives it to other pictures."""

    name: ClassVar[str] = "grain-match"
    label: ClassVar[str] = "GrainMatch"
    help: ClassVar[str] = "Removes, restores, matches and adds film grain, as measured or of a stock."
    version: ClassVar[int] = 2
    working_space: ClassVar[WorkingSpace] = WorkingSpace.LOG_RGB
    layers: ClassVar[str] = "Changes the picture (R, G, B, or Y); alpha and AOVs pass through."
    sparse: ClassVar[bool] = True
    reference: ClassVar[bool] = True
    analysis: ClassVar[type[Analysis] | None] = ShotGrain

    buttons: ClassVar[tuple[Button, ...]] = (
        Button(
            "analyse_grain", "Analyse grain",
            "Measures the grain of the frame shown, writes it as a profile, and sets the knob Profile to it: "
            "the same grain for every frame from then on.",
            knob="profile",
            found="The grain of frame {frame} is in {value}.",
            ending=".grain.toml",
        ),
    )  # fmt: skip

    mode: str = knob(
        "remove", "choice", "Mode",
        "remove takes the grain away. restore gives the grain of the reference plate back to what was made "
        "of it without its grain. match removes the grain and lays on the one that the knob Grain says. add "
        "lays that on and leaves the picture's own.",
        choices=("remove", "restore", "match", "add"), animatable=False,
    )  # fmt: skip
    grain: str = knob(
        AUTO, "choice", "Grain",
        "Which grain is removed or laid on. auto is that of the profile, where one is named; else it is "
        "measured in each frame: in the picture to remove it, in the reference plate to restore, match or "
        "add it. The others are classes of stock.",
        choices=(AUTO, *NAMES), animatable=False,
    )  # fmt: skip
    profile: str = knob(
        "", "file", "Profile",
        "A grain profile that `interneg analyse` wrote, NAME.grain.toml, or a table of AV1 film grain, "
        "NAME.tbl; used where Grain is auto. In a recipe file, a relative path starts at the recipe's "
        "folder.",
        animatable=False,
    )  # fmt: skip
    gate: float | str = knob(
        AUTO, "float", "Gate width",
        "How wide the film is that the picture shows, so that grain has its size in any resolution: 10.3 "
        "for 16 mm, 21.9 for 35 mm Academy, 24.9 for full-aperture 35 mm, 52.5 for 65 mm. auto is that of "
        "the stock or the profile, and 24.9 where grain is measured.",
        unit="mm", hard=(1.0, 200.0), slider=(5.0, 70.0), auto=True, animatable=False,
    )  # fmt: skip
    amount: float = knob(
        1.0, "float", "Amount",
        "How strong the grain is that is laid on, as a multiple of what was measured.",
        hard=(0.0, 10.0), slider=(0.0, 2.0),
    )  # fmt: skip
    size: float = knob(
        1.0, "float", "Size",
        "How coarse the grain is that is laid on, as a multiple of what was measured.",
        hard=(0.25, 4.0), slider=(0.5, 2.0),
    )  # fmt: skip
    seed: int = knob(
        0, "int", "Seed",
        "Which grain is made: pictures that are laid over each other need different ones.",
        hard=(0, 65535), slider=(0, 100), animatable=False,
    )  # fmt: skip
    keep: float = knob(
        0.0, "float", "Keep",
        "In remove and match: how much of the picture's own grain stays.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    changed: float = knob(
        0.6, "float", "Changed",
        "In restore: by how much a pixel has to differ from the plate without its grain to count as "
        "changed. What files round away is less: 0.5 in 8 bits. Raise it to give the plate's own grain to "
        "what was only graded a little.",
        unit="code values", hard=(0.0, 255.0), slider=(0.0, 20.0),
    )  # fmt: skip
    model: str = knob(
        "lite", "choice", "Model",
        "The network that removes grain: lite is fast; standard is slower and a little sharper. The same in "
        "remove and restore.",
        choices=("lite", "standard"), animatable=False,
    )  # fmt: skip
    temporal: int = knob(
        0, "int", "Temporal",
        "When grain is removed, frames on each side that are averaged along the motion first: sharper, but "
        "slower. The same in remove and restore.",
        unit="frames", hard=(0, 2), slider=(0, 2), animatable=False,
    )  # fmt: skip
    grain_aov: bool = knob(
        False, "bool", "Write grain AOV",
        "Adds the channels 'grain.R', 'grain.G' and 'grain.B' (or 'grain.Y'): what was removed or laid on, "
        "in the units of the node's working space.",
        animatable=False, aov=True,
    )  # fmt: skip

    @property
    def reach(self) -> tuple[int, int]:
        """The frames that are averaged, or that grain is measured with."""
        across = 0 if self.mode == "add" else self.temporal
        across = max(across, int(self.grain == AUTO))
        return (across, across)

    @property
    def needs_neighbours(self) -> bool:
        """Unless a file says which grain it is, and nothing is averaged."""
        measured = self._measures or self.mode == "match"
        return any(self.reach) and (measured or (self.temporal > 0 and self.mode != "add"))

    @property
    def models(self) -> tuple[str, ...]:
        """The network that removes noise, where grain is removed; and over time the one that judges motion,
        and the one that sees all frames.
        """
        if self.mode == "add":
            return ()
        own = f"denoise-sr-{self.model}-x1"
        return tuple(dict.fromkeys((own, *((CLEANER, OVER_TIME) if self.temporal else ()))))

    @property
    def uses_reference(self) -> bool:
        """To restore, and to measure what is matched or added."""
        return self.mode == "restore" or (self.mode != "remove" and self._measures)

    def process(self, view: View) -> Pixels:
        """R, G, B (or a grey plane), (C, H, W) float32, in; the same without grain, or with more, out."""
        planes, _ = self._made(view)
        return planes

    def originals(self, view: View, planes: Pixels) -> tuple[Mask, Pixels] | None:
        """In restore: the plate, where the result is what it shows, (H, W) bool and (C, H, W) float32."""
        if self.mode != "restore":
            return None
        plate = reference_view(view, self.name, alike=True)
        return (planes == plate.planes()).all(axis=0), plate.window.frame.pixels[: len(planes)]

    def aovs(self, view: View) -> dict[str, Pixels]:
        """What was removed or laid on, (H, W) float32 by channel, where it is asked for."""
        if not self.grain_aov:
            return {}
        planes, work = self._made(view)
        names = "RGB" if len(planes) == 3 else "Y"
        return {f"grain.{name}": plane for name, plane in zip(names, planes - work, strict=True)}

    def find(self, knob: str, view: View) -> str:
        """The profile of the grain of the window's own frame, as the text of a file."""
        return ShotGrain({view.window.frame.number: self.observe(view)}).text

    @property
    def solved_by(self) -> str:
        """The profile, where the plate's own grain is measured; a reference plate's is none of the input."""
        return "profile" if self.mode == "remove" and self._measures else ""

    def as_analysed(self) -> Self:
        """The plate's grain is measured, with that of the frames beside it, for a film of the same width."""
        return type(self)(gate=self.gate, unpremultiply=self.unpremultiply)

    def observe(self, view: View) -> FrameGrain:
        """The grain of the window's own frame."""
        return seen(view, self._width(USUAL))

    def _made(self, view: View) -> tuple[Pixels, Pixels]:
        """The result, and what it is without the grain that was laid on, or with that which was removed."""
        made: tuple[Pixels, Pixels] = view.once(self.name, lambda: self._make(view))
        return made

    def _make(self, view: View) -> tuple[Pixels, Pixels]:
        planes = view.planes()
        if self.mode == "add":
            return planes + self._grain(view, planes), planes
        if self.mode == "restore":
            return self._restore(view, planes), planes
        clean = self._clean(view, self._own(view))
        kept = clean + np.float32(self.keep) * (planes - clean) if self.keep else clean
        return (kept, planes) if self.mode == "remove" else (kept + self._grain(view, clean), kept)

    def _restore(self, view: View, work: Pixels) -> Pixels:
        plate = reference_view(view, self.name, alike=True)
        clean = self._clean(plate, self._own(plate))
        done = regrained(work, clean, plate.planes(), self._grain(view, work), self.changed / 255)
        if (share := float(done.untouched.mean())) < 0.5:
            view.context.tell(
                self.name,
                f"{share:.0%} of frame {view.window.frame.number} is as the plate without its grain; the "
                "rest gets grain that is made. Where less was changed, see that the reference is the plate, "
                "that Grain, Profile, Gate width, Model and Temporal are those of remove, and that "
                "Keep was 0 there",
            )
        return done.planes

    def _clean(self, view: View, grain: GrainProfile) -> Pixels:
        """The view's own frame without its grain."""
        frame = view.window.frame
        seen = at_pitch(grain, self._width(grain.width) / frame.display_window.width)
        return degrained(view, Removal(seen, f"denoise-sr-{self.model}-x1", self.temporal))

    def _grain(self, view: View, clean: Pixels) -> Pixels:
        """The grain to be laid on planes without grain, (C, H, W) float32."""
        grain, frame = self._wanted(view), view.window.frame
        if not grain.sigmas.any():
            view.context.tell(self.name, f"the grain that is to be laid on, of '{grain.name}', is none")
        grain = grain.coloured() if len(clean) == 3 else grain.grey()
        pitch = self._width(grain.width) / frame.display_window.width
        seen = at_pitch(grain, pitch)
        levels, sigmas = from_codes(seen.levels, seen.sigmas, view.context.colour, frame.colour_space)
        key = "grain made 1", text(grain), self.size, pitch
        made: Grain = view.context.measurements.get(key, lambda: Grain.of(coarser(grain, self.size), pitch))
        top, left = (getattr(frame.data_window, a) - getattr(frame.display_window, a) for a in ("y0", "x0"))
        field = made.field(*clean.shape[1:], seed=self.seed, frame=frame.number, top=top, left=left)
        return laid(clean, field, levels, np.float32(self.amount) * sigmas) - clean

    def _own(self, view: View) -> GrainProfile:
        """The grain that the view's own frame has."""
        measured = self._measures or self.mode == "match"
        return of_plate(view, self._width(USUAL)) if measured else self._told(view)

    def _wanted(self, view: View) -> GrainProfile:
        """The grain that is to be laid on."""
        if self._measures:
            return of_plate(reference_view(view, self.name), self._width(USUAL))
        return self._told(view)

    @property
    def _measures(self) -> bool:
        """Whether neither a stock nor a file says which grain it is."""
        return self.grain == AUTO and not self.profile

    def _told(self, view: View) -> GrainProfile:
        """That of a stock, or of a file."""
        if self.grain != AUTO:
            return stock(self.grain)
        return profile_in(view, self.profile, self._width(USUAL))

    def _width(self, own: float) -> float:
        """Of the film that the picture shows, in mm."""
        return own if self.gate == AUTO else float(self.gate)
