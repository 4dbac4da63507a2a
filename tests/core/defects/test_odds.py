from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from interneg.defects.detector import Answer
from interneg.defects.enlarged import Enlarged
from interneg.defects.evidence import Evidence
from interneg.defects.odds import FACTS, SCRATCH, facts_of, log_odds
from tests.core.defects.test_detector import SIZE, seen, shot, view_of

SPOT, COLUMN = np.s_[20:26, 30:36], np.s_[:, 50]
LABELS = np.zeros(SIZE, np.int32)
LABELS[SPOT], LABELS[COLUMN] = 1, 2
NO_FLIGHT = np.zeros(2)


def answer(level: float = 0.95) -> Answer:
    dirt, scratch = np.zeros(SIZE, np.float32), np.zeros(SIZE, np.float32)
    dirt[SPOT], scratch[COLUMN] = level, level
    return Answer(dirt, scratch)


def facts(found: Evidence, given: Answer) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    return facts_of(found, given, np.maximum(given.dirt, given.scratch), LABELS, 2)


def test_the_facts_are_those_of_each_candidate() -> None:
    known, signs = facts(seen(view_of(shot(), 2)), answer())
    assert known.shape == (2, len(FACTS)) and np.isfinite(known).all()
    assert signs.tolist() == [1, -1]
    assert known[:, SCRATCH].tolist() == pytest.approx([0, 1])
    by = dict(zip(FACTS, known.T, strict=True))
    assert by["area"].tolist() == pytest.approx(np.log([36, 48]))
    assert by["long"].tolist() == pytest.approx(np.log([6 * 2**0.5, 48]), abs=0.4)
    assert (by["contrast"] > np.log(0.1)).all() and (by["clear"] > 2).all() and (by["agreed"] > 2).all()


def test_no_candidate_has_no_facts() -> None:
    found = seen(view_of(shot(), 2))
    known, signs = facts_of(found, answer(), answer().dirt, np.zeros(SIZE, np.int32), 0)
    assert known.shape == (0, len(FACTS)) and signs.shape == (0,)
    assert log_odds(known, np.empty(0)).shape == (0,)


def test_what_is_in_one_frame_alone_is_likelier_damage_than_what_stays() -> None:
    frames = shot()
    alone = log_odds(facts(seen(view_of(frames, 2)), answer())[0], NO_FLIGHT)
    frames[1] = frames[2].copy()
    frames[1][0, 0, 0] += 0.01
    stays = log_odds(facts(seen(view_of(frames, 2)), answer())[0], NO_FLIGHT)
    assert (alone > 1).all() and (stays < alone - 2).all()


def test_what_the_network_is_less_sure_of_is_less_likely() -> None:
    found = seen(view_of(shot(), 2))
    made = [log_odds(facts(found, answer(level))[0], NO_FLIGHT)[0] for level in (0.3, 0.6, 0.95)]
    assert made == sorted(made) and made[2] > made[0] + 1


def test_a_candidate_that_fewer_than_two_frames_show_is_none() -> None:
    found = seen(view_of(shot(), 2))
    gone = np.full((*SIZE, 2), 999, np.float32)
    left = (
        found.neighbours[0],
        *(replace(n, field=Enlarged(gone, gone.shape[:2])) for n in found.neighbours[1:]),
    )
    known, _ = facts(replace(found, neighbours=left), answer())
    assert np.isneginf(log_odds(known, NO_FLIGHT)).all()


def test_a_rare_flight_speaks_against_damage() -> None:
    known, _ = facts(seen(view_of(shot(), 2)), answer())
    assert (log_odds(known, np.full(2, 5.0)) < log_odds(known, np.zeros(2)) - 1).all()


def test_candidates_are_weighed_one_by_one() -> None:
    known, _ = facts(seen(view_of(shot(), 2)), answer())
    together = log_odds(known, np.array([0.0, 2.0]))
    for k, rarity in enumerate((0.0, 2.0)):
        assert log_odds(known[k : k + 1], np.array([rarity])).tolist() == [together[k]]
