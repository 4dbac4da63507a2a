from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")

from interneg.engines.training.tiles import pack_filter

SIDE = 256


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packed(tmp_path_factory.mktemp("pack") / "pack.npz", 52)


def packed(path: Path, count: int) -> Path:
    """A pack of `count` drawn tiles with a blocky "codec" version of each."""
    dice = np.random.default_rng(1)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    waves = [np.sin(x / dice.uniform(3, 30) + y / dice.uniform(3, 30)) for _ in range(count)]
    tiles = np.stack([np.stack([127 + 100 * w, 120 + 80 * w, 90 - 60 * w], -1) for w in waves]).astype(
        np.uint8
    )
    arrays: dict[str, Any] = {"tiles": pack_filter(tiles), "weight": np.ones(count, np.float32)}
    for scale in (1, 2, 4):
        small = (tiles[:, ::scale, ::scale] & 0xF0).astype(np.uint8)
        arrays |= {
            f"coded{scale}": pack_filter(small),
            f"coded{scale}_tile": np.arange(count, dtype=np.int32),
            f"coded{scale}_q": np.full(count, 0.5, np.float32),
        }
    np.savez(path, data=np.array(["drawn waves (CC0)"]), **arrays)
    return path
