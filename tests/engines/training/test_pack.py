import errno
from pathlib import Path

import cv2
import numpy as np
import pytest

from interneg.engines.training import pack

SIDE = pack.SIDE


def picture(path: Path, height: int, width: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8))


def test_small_stills_and_short_clips_are_left_out(tmp_path: Path) -> None:
    picture(tmp_path / "stills" / "two.png", SIDE, 2 * SIDE)
    picture(tmp_path / "stills" / "small.png", 100, 300)
    for number in range(4):
        picture(tmp_path / "clips" / "whole" / f"{number}.jpg", SIDE, SIDE)
    picture(tmp_path / "clips" / "short" / "0.jpg", SIDE, SIDE)
    arrays = pack.make([tmp_path / "stills"], [tmp_path / "clips"], 100, 0)
    assert sorted(arrays["weight"].tolist()) == [0, 0, 1, 1]


def test_a_folder_without_pictures_is_named(tmp_path: Path) -> None:
    picture(tmp_path / "stills" / "one.png", SIDE, SIDE)
    with pytest.raises(ValueError, match="clps holds no picture"):
        pack.make([tmp_path / "stills"], [tmp_path / "clps"], 100, 0)


def test_a_pack_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--stills or --clips"):
        pack.make([], [], 100, 0)
    picture(tmp_path / "small.png", 100, 300)
    with pytest.raises(ValueError, match="none of the 1 stills"):
        pack.make([tmp_path], [], 100, 0)


def test_a_pack_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture(tmp_path / "stills" / "one.png", SIDE, SIDE)
    out, stills = tmp_path / "packs" / "pack.npz", str(tmp_path / "stills")
    with pytest.raises(SystemExit):
        pack.main([str(out.with_suffix(".zip")), "--stills", stills])

    def full(path: Path, **arrays: object) -> None:
        path.write_bytes(b"PK")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as change:
        change.setattr(np, "savez_compressed", full)
        with pytest.raises(SystemExit):
            pack.main([str(out), "--stills", stills])
    assert list(out.parent.iterdir()) == []
    pack.main([str(out), "--stills", stills, "--data", "noise (CC0)"])
    assert np.load(out)["data"].tolist() == ["noise (CC0)"]
