"""A node as an observer: it notes what it finds in each frame, and changes nothing."""

from __future__ import annotations

from typing import Any

from interneg.frame import Frame, Window
from interneg.node import Context, Node, View


def watched(node: Node, found: dict[int, Any]) -> Node:
    """The node with the knobs of an analysis; what it notes of a frame that it renders goes into `found`."""
    kind = type(node)

    class Watched(kind):  # type: ignore[misc, valid-type]
        """The node as an observer."""

        def render(self, window: Window, context: Context, mask: Frame | None = None) -> Frame:
            frame = window.frame
            found[frame.number] = self.observe(View(window, self.working_space, context, self.divides))
            return frame

    made: Node = Watched(**node.as_analysed().knobs)
    return made
