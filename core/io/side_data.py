"""What FFmpeg puts beside a decoded picture: its display matrix, light levels and the like."""

from __future__ import annotations

from typing import Any

from av.sidedata.sidedata import Type

__all__ = ["kinds_beside", "side_data"]


def _unnamed(cls: Any, value: object) -> Any:
    """A member for a kind that PyAV has no name for; without it such a kind hides all others of a picture."""
    member = object.__new__(cls)
    member._name_, member._value_ = f"KIND_{value}", value
    return member


Type._missing_ = classmethod(_unnamed)  # type: ignore[assignment]


def side_data(picture: Any, kind: str) -> bytes | None:
    """The bytes of a kind, as libavutil lays them out; None where the picture (av.VideoFrame) has none."""
    found = picture.side_data.get(kind)
    return None if found is None else bytes(found)


def kinds_beside(picture: Any) -> set[str]:
    """The kinds that there are, after their names in FFmpeg without AV_FRAME_DATA."""
    # By number: its keys are the data in PyAV 18, and their kinds from 19 on.
    return {picture.side_data[k].type.name for k in range(len(picture.side_data))}
