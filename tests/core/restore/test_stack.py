"""What a network over time sees of a window."""

from __future__ import annotations

import numpy as np

from interneg.frame import Pixels
from interneg.restore.stack import NEIGHBOURS, PLANES, Stack

RNG = np.random.default_rng(2)


def seen() -> Pixels:
    planes = RNG.random((6, 4, 5)).astype(np.float32)
    planes[1:3] -= 0.5
    return planes


def test_a_frame_alone_differs_from_its_average_by_nothing() -> None:
    own = seen()
    stack = Stack.of(own)
    assert not stack.share().any()
    planes = stack.finished(own)
    assert planes.shape == (PLANES, 4, 5)
    np.testing.assert_array_equal(planes[:6], own)
    np.testing.assert_array_equal(planes[9:11], own[3:5])
    assert not planes[6:9].any() and not planes[11:].any()


def test_neighbours_are_seen_as_far_as_they_count() -> None:
    own, average, other = seen(), seen(), seen()[:3]
    weight = np.zeros((4, 5), np.float32)
    weight[:, 2:] = 0.5
    stack = Stack.of(own)
    stack.add(1, other, weight)
    assert stack.share().min() == 1  # over so small an area
    planes = stack.finished(average)
    np.testing.assert_array_equal(planes[:6], average)
    np.testing.assert_allclose(planes[6:9], own[:3] - average[:3], atol=1e-7)
    at = 11 + 4 * NEIGHBOURS.index(1)
    np.testing.assert_allclose(planes[at : at + 3], weight * (other - average[:3]), atol=1e-7)
    np.testing.assert_array_equal(planes[at + 3], weight)
    rest = np.delete(planes, range(at, at + 4), axis=0)[11:]
    assert not rest.any()


def test_what_lies_beyond_the_trained_range_is_held_to_it() -> None:
    own = seen()
    stack = Stack.of(own)
    stack.add(-2, np.full((3, 4, 5), 40, np.float32), np.ones((4, 5), np.float32))
    assert np.abs(stack.finished(own)).max() < 3


def test_a_grey_neighbour_has_no_colour() -> None:
    own = seen()
    own[1:3] = 0
    stack = Stack.of(own)
    stack.add(2, own[:1], np.ones((4, 5), np.float32))
    planes = stack.finished(own)
    at = 11 + 4 * NEIGHBOURS.index(2)
    assert not planes[at : at + 3].any() and planes[at + 3].all()


def test_where_no_neighbour_counts_in_a_whole_area_the_network_of_one_frame_is_used() -> None:
    own = np.zeros((6, 200, 400), np.float32)
    stack, weight = Stack.of(own), np.zeros((200, 400), np.float32)
    weight[:, :150] = 0.8
    weight[60:70, 40:60] = 0  # a hole in what is seen is no area
    stack.add(1, own[:3], weight)
    share = stack.share()
    assert share[:, :150].min() == 1
    assert not share[:, 300:].any()
    assert np.abs(np.diff(share)).max() < 0.15
