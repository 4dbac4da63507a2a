"""Damaged pictures through the real command: a right result, or one clear line with its exit code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugin.cli.damaged_pictures import KINDS, mutants, whole
from tests.plugin.cli.damaged_runs import Outcome, outcomes, peak_memory, render_all


@pytest.mark.slow
def test_one_of_each_kind_ends_well(tmp_path: Path) -> None:
    counts, problems = render_all(len(KINDS), tmp_path)
    assert not problems, "\n".join(problems)
    assert counts["unreadable"] > len(KINDS) / 3


@pytest.mark.slow
def test_many_end_well(tmp_path: Path) -> None:
    counts, problems = render_all(2 * len(KINDS), tmp_path, seed=19)
    assert not problems, "\n".join(problems)
    assert counts["unreadable"] > len(KINDS)


def test_mutants_are_always_the_same_and_all_damaged(tmp_path: Path) -> None:
    first, again = [*mutants(60, tmp_path)], [*mutants(2 * len(KINDS), tmp_path)]
    for one, other in zip(first, again, strict=False):
        assert one == other
    originals = {kind: whole(kind, tmp_path) for kind in KINDS}
    assert sum(m.content != originals[m.kind] for m in again) > 0.9 * len(again)


@pytest.mark.parametrize("kind", KINDS)
def test_whole_files_render_as_they_are(tmp_path: Path, kind: str) -> None:
    """Or a damaged one that ends with an error would show nothing."""
    from interneg.io.damage import damage
    from interneg.io.image_reader import read_image

    path = tmp_path / f"a.{kind.split()[0]}"
    path.write_bytes(whole(kind, tmp_path))
    assert damage(path) is None
    assert read_image(path).pixels.shape[1:] == (40, 56)


def test_a_crash_and_a_hang_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.plugin.cli.damaged_runs._serve", _misbehave)
    commands: Iterator[list[str]] = iter([["crash"], ["fine"], ["hang"], ["fine"]])
    found = [*outcomes(commands, seconds=3)]
    assert [o.code for o in found] == [None, 0, None, 0]
    assert found[0].said == "crashes with -11" and found[2].said == "hangs for 3 s"


def test_a_process_is_told_its_own_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the suite that started it has held is none of its own."""
    monkeypatch.setattr("tests.plugin.cli.damaged_runs._serve", _tell_memory)
    held = bytearray(700 << 20)
    held[::4096] = b"x" * len(held[::4096])
    (found,) = outcomes(iter([["memory"]]))
    assert found.memory < 600 < peak_memory()


def _tell_memory(pipe: object) -> None:
    pipe.recv()  # type: ignore[attr-defined]
    pipe.send(Outcome(0, "", peak_memory()))  # type: ignore[attr-defined]


def _misbehave(pipe: object) -> None:
    import os
    import signal
    import threading

    while True:
        asked = pipe.recv()[0]  # type: ignore[attr-defined]
        if asked == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if asked == "hang":
            threading.Event().wait()
        pipe.send(Outcome(0, "", 0))  # type: ignore[attr-defined]
