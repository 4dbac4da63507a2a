"""Colour: which space a picture is in, and the way into and out of the space a node works in.

The only importer of PyOpenColorIO, which it loads when the first `Colour` is made and not before.
"""

from interneg.colour.config import Colour
from interneg.colour.file_spaces import FileSpace
from interneg.colour.transform import Transform
from interneg.colour.working import WorkingSpace

__all__ = ["Colour", "FileSpace", "Transform", "WorkingSpace"]
