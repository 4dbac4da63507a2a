from pathlib import Path

import pytest
import torch

from interneg.engines.training.tiles import load
from tests.engines.training.conftest import packed


def test_every_50th_tile_is_held_out(pack: Path) -> None:
    tiles = load(pack, torch.device("cpu"), (1,))
    assert tiles.held.tolist() == [49]
    assert len(tiles.train) == 51


def test_of_a_small_pack_the_last_tile_is_held_out(tmp_path: Path) -> None:
    tiles = load(packed(tmp_path / "small.npz", 3), torch.device("cpu"), (1,))
    assert tiles.held.tolist() == [2]
    assert tiles.train.tolist() == [0, 1]


def test_a_pack_of_one_tile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds 1 clean tiles, and training needs two"):
        load(packed(tmp_path / "one.npz", 1), torch.device("cpu"), (1,))
