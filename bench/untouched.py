"""A node that costs nothing, and the worker with it alone: what is left is the way there and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from interneg.colour import WorkingSpace
from interneg.frame import Frame, Window
from interneg.node import Context, Node
from interneg.plugin.worker.serve import serve


@dataclass(frozen=True, kw_only=True)
class Untouched(Node):
    """Hands its input on."""

    name: ClassVar[str] = "untouched"
    label: ClassVar[str] = "Untouched"
    help: ClassVar[str] = "Hands its input on."
    version: ClassVar[int] = 1
    working_space: ClassVar[WorkingSpace] = WorkingSpace.LINEAR_RGB
    layers: ClassVar[str] = "Treats nothing."

    def render(self, window: Window, context: Context, mask: Frame | None = None) -> Frame:
        """The frame itself."""
        return window.frame


if __name__ == "__main__":
    serve({"untouched": Untouched}, idle=30)
