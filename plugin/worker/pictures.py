"""Pictures in shared memory that the host made: checked, mapped, and seen as arrays without a copy."""

from __future__ import annotations

import fcntl
import mmap
import os
import stat
from collections.abc import Sequence
from typing import TYPE_CHECKING

from interneg.plugin.worker.protocol import Image, Malformed

if TYPE_CHECKING:
    from interneg.frame import Pixels

_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
_KEPT = 2
"""Requests for which a mapping is remembered: a frame that several windows show comes with each of them."""


class Pictures:
    """The mappings of one connection; not safe to use from several threads."""

    def __init__(self) -> None:
        self._turn = 0
        self._maps: dict[tuple[int, int, bool], tuple[int, mmap.mmap]] = {}

    def views(self, descriptors: Sequence[int], images: Sequence[Image], output: int | None) -> list[Pixels]:
        """(H, W, C) float32 views of the images, read-only but for that with the index `output`.

        Raises Malformed for a descriptor that is no sealed shared memory, filled, of at least the image's
        size: touching what is not there would end the process.
        """
        import numpy as np

        self._turn += 1
        views: list[Pixels] = []
        inodes = []
        for i, (descriptor, image) in enumerate(zip(descriptors, images, strict=True)):
            mapping, inode = self._mapping(descriptor, image, i == output)
            inodes.append(inode)
            flat = np.frombuffer(mapping, np.float32, image.bytes // 4)
            views.append(flat.reshape(image.height, image.width, len(image.channels)))
        if output is not None and inodes.count(inodes[output]) > 1:
            raise Malformed("the output's memory is that of an input too")
        self._maps = {k: m for k, m in self._maps.items() if m[0] > self._turn - _KEPT}
        return views

    def forget(self) -> None:
        """Remember no mapping; one ends with the last view of it."""
        self._maps.clear()

    def _mapping(self, descriptor: int, image: Image, writable: bool) -> tuple[mmap.mmap, tuple[int, int]]:
        facts = os.fstat(descriptor)
        inode = facts.st_dev, facts.st_ino
        _, mapping = self._maps.get((*inode, writable), (0, None))
        if mapping is None or len(mapping) < image.bytes:
            _check(descriptor, facts, image)
            access = mmap.PROT_READ | mmap.PROT_WRITE if writable else mmap.PROT_READ
            try:
                mapping = mmap.mmap(
                    descriptor, facts.st_size, flags=mmap.MAP_SHARED | mmap.MAP_POPULATE, prot=access
                )
            except OSError as error:
                raise Malformed(f"an image of {facts.st_size} bytes cannot be mapped: {error}") from None
        self._maps[*inode, writable] = self._turn, mapping
        return mapping, inode


def _check(descriptor: int, facts: os.stat_result, image: Image) -> None:
    """Raise Malformed where a mapping of the image could lose its ground, or grow while it is read."""
    try:
        seals = fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
    except OSError:
        seals = 0
    if not stat.S_ISREG(facts.st_mode) or seals & _SEALS != _SEALS:
        raise Malformed("an image's descriptor is no shared memory sealed against shrinking and growing")
    if facts.st_size < image.bytes:
        raise Malformed(
            f"an image of {image.width}x{image.height} {image.channels} takes {image.bytes} bytes, its "
            f"memory has {facts.st_size}"
        )
    if facts.st_blocks * 512 < facts.st_size:
        raise Malformed("an image's memory is not filled: use fallocate")
