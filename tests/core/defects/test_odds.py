from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from interneg.defects import odds_fitted
from interneg.defects.detector import Answer
from interneg.defects.enlarged import Enlarged
from interneg.defects.evidence import Evidence
from interneg.defects.odds import FACTS, SCRATCH, facts_of, log_odds, of_flight
from tests.core.defects.test_detector import SIZE, seen, shot, view_of

SPOT, COLUMN = np.s_[20:26, 30:36], np.s_[:, 50]
LABELS = np.zeros(SIZE, np.int32)
LABELS[SPOT], LABELS[COLUMN] = 1, 2


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
    assert known.shape == (0, len(FACTS)) and signs.shape == (0,) and log_odds(known).shape == (0,)


def test_what_is_in_one_frame_alone_is_likelier_damage_than_what_stays() -> None:
    frames = shot()
    alone = log_odds(facts(seen(view_of(frames, 2)), answer())[0])
    frames[1] = frames[2].copy()
    frames[1][0, 0, 0] += 0.01
    stays = log_odds(facts(seen(view_of(frames, 2)), answer())[0])
    assert (alone > 1).all() and (stays < alone - 2).all()


def test_what_the_network_is_less_sure_of_is_less_likely() -> None:
    found = seen(view_of(shot(), 2))
    made = [log_odds(facts(found, answer(level))[0])[0] for level in (0.3, 0.6, 0.95)]
    assert made == sorted(made) and made[2] > made[0] + 1


def test_a_candidate_that_fewer_than_two_frames_show_is_none() -> None:
    found = seen(view_of(shot(), 2))
    gone = np.full((*SIZE, 2), 999, np.float32)
    left = (
        found.neighbours[0],
        *(replace(n, field=Enlarged(gone, gone.shape[:2])) for n in found.neighbours[1:]),
    )
    known, _ = facts(replace(found, neighbours=left), answer())
    assert np.isneginf(log_odds(known)).all()


def test_a_rare_flight_speaks_against_damage() -> None:
    assert of_flight(np.zeros(1)).tolist() == [0]
    assert of_flight(np.array([3.0]))[0] < -0.3


def test_the_table_has_every_fact_its_knots_rising() -> None:
    assert tuple(odds_fitted.SHARES) == FACTS
    for knots, adds in (*odds_fitted.SHARES.values(), odds_fitted.FLIGHT):
        assert len(knots) == len(adds) and (np.diff(knots) > 0).all() and np.abs(adds).max() < 10
