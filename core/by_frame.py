"""Files that say something of each frame: JSON, a frame to a line; and what a person changed in one."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from interneg.analysis import Carried
from interneg.errors import InputError
from interneg.io import format_frames

_NAMES = "use", "correction", "motion", "warp", "event"
_MEND = "put the file back as it was, or analyse anew, into a folder with --discard-changes"


def text(head: Mapping[str, Any], frames: Mapping[int, Any]) -> str:
    """The file. head: what stands before the frames. frames: what is said of each, by its number."""
    lines = [f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in head.items()]
    rows = ",\n".join(f'  "{number}": {json.dumps(frames[number])}' for number in sorted(frames))
    return "{\n" + "".join(lines) + ' "frames": {\n' + rows + "\n }\n}\n"


def part_of(
    head: Sequence[Any], frames: Mapping[int, Any], numbers: Collection[int], counts: Collection[str]
) -> str:
    """What is said of these frames, as text that is equal where they come out the same.

    head: what counts for all of them. frames: what is said of each, by its number. counts: the entries that
    count; "use" counts where it is not true.
    """
    said = {n: frames[n] for n in sorted(numbers) if n in frames}
    kept = {
        n: {k: facts[k] for k in counts if k in facts and (k, facts[k]) != ("use", True)}
        for n, facts in said.items()
    }
    return json.dumps([head, kept], sort_keys=True)


def carried(before: bytes, edited: bytes, now: str, name: str) -> Carried | None:
    """A new file with what a person changed in an earlier one; None where it is for pictures of another size.

    before: the earlier one as it was written; edited: as it is now, called `name`; now: the new one. A number
    of a frame that was changed differs from that of the new file by as much as it did from the earlier one:
    what was moved up by a pixel is moved up by one still. All else is as the person has it. What stands
    before the frames is that of the new file. Raises InputError where the edited file is no such one.
    """
    expected = str(json.loads(now)["format"])
    (_, was), (given, hand), (head, made) = (read(c, name, expected) for c in (before, edited, now.encode()))
    if given.get("size") != head.get("size"):
        return None
    changed = {n: facts for n, facts in hand.items() if facts != was.get(n)}
    kept = sorted(n for n in changed if n in made)
    for number in kept:
        made[number] = _merged(was.get(number), changed[number], made[number])
    lost = sorted(n for n in changed if n not in made)
    told = [f"kept of frames {format_frames(kept)}"] if kept else []
    told += [f"left out of frames {format_frames(lost)}, which are not there any more"] if lost else []
    return Carried(text(head, made), " and ".join(told) or "none of any frame", bool(lost))


def _merged(before: Any, edited: Any, now: Any) -> Any:
    if edited == before:
        return now
    if isinstance(edited, dict) and isinstance(now, dict):
        was = before if isinstance(before, dict) else {}
        kept = [key for key in {**now, **edited} if key in edited or key not in was]
        return {
            key: _merged(was.get(key), edited.get(key), now.get(key)) if key in edited else now[key]
            for key in kept
        }
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in (before, edited, now)):
        return round(now + edited - before, 6) + 0.0
    return edited


def read(content: bytes, name: str, expected: str) -> tuple[dict[str, Any], dict[int, Any]]:
    """What stands before the frames, "size" (width, height) among it, and what is said of each frame.

    content: of a file called `name`. expected: its format, a name and a number. Raises InputError where it is
    no such file.
    """
    try:
        head = json.loads(content, object_pairs_hook=once)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        where = f", line {error.lineno}," if isinstance(error, json.JSONDecodeError) else ""
        why = error.msg if isinstance(error, json.JSONDecodeError) else "it is no text"
        raise InputError(
            f"{name}{where} is not JSON: {why}. It was cut off, or edited into something else: {_MEND}"
        ) from error
    except ValueError as error:
        raise InputError(f"{name}: {error}") from error
    found = head.get("format") if isinstance(head, dict) else None
    if found != expected:
        family = expected.rsplit(" ", 1)[0] + " "
        if not (isinstance(found, str) and found.startswith(family) and found[len(family) :].isdigit()):
            raise _other(name, found, expected)
        raise InputError(
            f"{name} is of the format '{found}', expected '{expected}': another version of Interneg wrote "
            "it; use that one, or analyse anew, into a folder with --discard-changes"
        )
    frames, size = head.pop("frames", None), head.get("size")
    if not isinstance(frames, dict):
        raise InputError(f"{name} has no frames by number, as `interneg analyse` writes them: {_MEND}")
    if not (isinstance(size, list) and [type(v) for v in size] == [int, int]):
        raise InputError(
            f'{name}: expected "size" to be two whole numbers, [width, height], not {size!r:.40}'
        )
    for number, facts in frames.items():
        if number_of(number) is None:
            raise InputError(
                f'{name}: "frames" has {number!r}, which is no number of a frame: correct it, or take it out'
            )
        if not isinstance(facts, dict):
            raise InputError(
                f"{name}, frame {number}: expected what is said of a frame, in braces, not {facts!r:.40}: "
                f"{_MEND}"
            )
        for key in facts:
            if key not in _NAMES and (meant := _meant(key)):
                raise InputError(
                    f"{name}, frame {number}: {key!r} is no name that counts; did you mean '{meant}'? "
                    "Correct it, or name what is yours otherwise"
                )
    return head, {int(number): facts for number, facts in frames.items()}


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Raises ValueError where it has a name twice, of which one would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f'it has "{twice}" twice: put both into one')
    return found


def require_no_others(found: Collection[Any], known: Collection[Any], where: str, what: str) -> None:
    """Raise InputError where something is said of what is not known, which would be passed over.

    where: of the file. what: they are, for the message.
    """
    if others := sorted(str(name) for name in found if name not in known):
        has = format_frames(known) if all(isinstance(n, int) for n in known) else ", ".join(map(str, known))
        raise InputError(
            f"{where}: {what} has {', '.join(others)}, expected {has}: correct that, or take it out"
        )


def require_frames_of(before: bytes, edited: bytes, name: str) -> None:
    """Raise InputError where a file says something of frames that it did not as it was written.

    before, edited, name: see `carried`.
    """
    expected = str(json.loads(before)["format"])
    require_no_others(read(edited, name, expected)[1], read(before, name, expected)[1], name, '"frames"')


def _meant(key: str) -> str:
    """The name in what is said of a frame that a person meant to write; "" where it is one of theirs."""
    folded = key.strip().casefold()
    if folded in _NAMES:
        return folded
    long = [n for n in _NAMES if len(n) > len("use")]
    return next(iter(difflib.get_close_matches(folded, long, n=1, cutoff=0.85)), "")


def numbers(facts: Any, names: Sequence[str]) -> list[float]:
    """The numbers in what is said under these names.

    Raises KeyError, TypeError or ValueError where one of them is missing, or is no number.
    """
    found = [facts[name] for name in names]
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in found):
        raise TypeError("not all of them are numbers")
    return [float(value) for value in found]


def number_of(key: str) -> int | None:
    """The number of a frame, which may be negative, that a key of JSON is; None where it is none."""
    try:
        return int(key)
    except ValueError:
        return None


def _other(name: str, found: object, expected: str) -> InputError:
    return InputError(
        f"{name} is no file as `interneg analyse` writes it for this: expected the format '{expected}', not "
        f"{found!r:.40}, a size (width, height) and frames by number"
    )
