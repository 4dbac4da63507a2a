"""A person's changes of a defects list, carried over into a new one of the same shot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from interneg.analysis import Carried
from interneg.defects.listing import laid_out, listing, read_list

Entry = dict[str, Any]

# Two boxes that share so much of what both cover are of one piece; columns so many widths apart, in the mean
# of the frames that both have, are of one scratch.
_SHARED, _ASIDE = 0.5, 1.0
_SHAPE = ("box", "shape", "pixels")


@dataclass
class _Changes:
    """How many are kept, and how many are of what is not found any more."""

    kept: int = 0
    lost: int = 0


def carried(before: bytes, edited: bytes, now: str, name: str) -> Carried | None:
    """The new list with what a person changed in an earlier one; None where it is of another size.

    before: the earlier one as it was written; edited: as it is now, called `name`; now: the new one. Dirt is
    known again by its frame and place, a scratch by its columns: what was rejected stays rejected, what was
    drawn stays drawn, what was taken out is taken out. Raises InputError where the edited file is no list.
    """
    (size, dirt, tracks), was = read_list(now.encode(), name), read_list(before, name)
    hand = read_list(edited, name)
    if hand[0] != size:
        return None
    listing(edited, name, size)
    changes = _Changes()
    for number, pieces in hand[1].items():
        if number in dirt:
            _pieces(changes, was[1].get(number, []), pieces, dirt[number])
        else:
            changes.lost += sum(piece not in was[1].get(number, []) for piece in pieces)
    _tracks(changes, was[2], hand[2], tracks)
    lost = f" and {changes.lost} left out, of what is not found any more" if changes.lost else ""
    return Carried(laid_out(size, dirt, tracks), f"{changes.kept} kept{lost}", bool(changes.lost))


def _pieces(changes: _Changes, was: Iterable[Entry], hand: Iterable[Entry], now: list[Entry]) -> None:
    """The dirt of one frame; `now` is changed."""
    earlier = {piece["number"]: piece for piece in was}
    for piece in hand:
        origin = earlier.pop(piece.get("number"), None)
        if piece == origin:
            continue
        same = None if origin is None else _same(origin, now)
        if origin is None or (same is None and any(piece.get(k) != origin.get(k) for k in _SHAPE)):
            # Drawn by hand: it is there, whatever was found.
            now.append({k: v for k, v in piece.items() if k != "number"})
            changes.kept += 1
        elif same is None:
            changes.lost += 1
        else:
            same.update({k: v for k, v in piece.items() if v != origin.get(k)})
            changes.kept += 1
    for origin in earlier.values():
        if (same := _same(origin, now)) is not None:
            now.remove(same)
            changes.kept += 1


def _same(piece: Entry, among: Iterable[Entry]) -> Entry | None:
    """The piece that covers most of what a piece covers, where that is half or more of both."""

    def shared(other: Entry) -> float:
        (x, y, w, h), (a, b, c, d) = piece["box"], other["box"]
        both = max(0, min(x + w, a + c) - max(x, a)) * max(0, min(y + h, b + d) - max(y, b))
        return float(both / (w * h + c * d - both))

    best = max((p for p in among if p.get("sign") == piece.get("sign")), key=shared, default=None)
    return best if best is not None and shared(best) >= _SHARED else None


def _tracks(changes: _Changes, was: Iterable[Entry], hand: Iterable[Entry], now: list[Entry]) -> None:
    """The scratches of the shot; `now` is changed."""
    earlier = {track["number"]: track for track in was}
    for track in hand:
        origin = earlier.pop(track.get("number"), None)
        if track == origin:
            continue
        same = None if origin is None else _followed(origin, now)
        if origin is None:
            now.append({k: v for k, v in track.items() if k != "number"})
        elif same is None:
            changes.lost += 1
            continue
        else:
            columns = track["columns"]
            same["columns"] = {
                **{n: at for n, at in same["columns"].items() if n in columns or n not in origin["columns"]},
                **{n: at for n, at in columns.items() if at != origin["columns"].get(n)},
            }
            same.update({k: v for k, v in track.items() if k != "columns" and v != origin.get(k)})
        changes.kept += 1
    for origin in earlier.values():
        if (same := _followed(origin, now)) is not None:
            now.remove(same)
            changes.kept += 1


def _followed(track: Entry, among: Iterable[Entry]) -> Entry | None:
    """The scratch that lies where a scratch lies, in half of its frames or more."""

    def column(at: Any) -> float:
        return float(at["column"] if isinstance(at, dict) else at)

    def apart(other: Entry) -> float:
        both = track["columns"].keys() & other["columns"].keys()
        if 2 * len(both) < min(len(track["columns"]), len(other["columns"])) or not both:
            return float("inf")
        off = [abs(column(track["columns"][n]) - column(other["columns"][n])) for n in both]
        return sum(off) / len(off) / max(float(track.get("width", 3.0)), 1.0)

    best = min((t for t in among if t.get("sign") == track.get("sign")), key=apart, default=None)
    return best if best is not None and apart(best) <= _ASIDE else None
