"""``standard``: ``lite``'s plan made wider, 64 channels and eight pairs at every scale, 0.6 M parameters.

Plain 3x3 convolutions throughout: they train several times faster on a CPU than blocks of per-pixel norms and
depthwise convolutions, fill a processor's matrix units, and quantise well (decision 0012).
"""

from interneg.engines.training.lite import Lite, Trunk


class Standard(Lite):
    """Planes float32 ``(N,6,H,W)`` to a correction float32 ``(N,3,scale*H,scale*W)``; at 1x H and W even."""

    def trunk(self, fold: int, width: int, pairs: int) -> Trunk:
        """A wider and deeper trunk than lite's, on the same pixels."""
        return Trunk(fold, width=64, pairs=8)
