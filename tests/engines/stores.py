"""A record, a built engine and a folder that cannot be written, for the tests of the store."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interneg.engines.manifest import SYSTEM
from interneg.engines.store import EngineKey, Figures, Made, QualificationKey, Record, Store, StoredEngine

KEY = QualificationKey(
    model="tiny", weights="0" * 64, precision="fp32", runtime="openvino", version="1", device="CPU",
    system="Linux x86_64", golden=1,
)  # fmt: skip
RECORD = Record(KEY, "OpenCV", Figures(maximum=1e-6, p999=1e-6, mean=1e-7, psnr=120.0, nans=0))

ENGINE = EngineKey(
    model="tiny", weights="0" * 64, precision="fp16", profile="hd", shapes="64x64 1152x2048 1152x2048",
    runtime="tensorrt", version="10.13.0", target="sm89 NVIDIA L4", system=SYSTEM,
)  # fmt: skip
MADE = Made(interneg="0.1.0", driver="570.86", cuda="12.8", seconds=41.5, at="2026-11-24T12:00:00Z",
            islands=("w1", "w3"), reference="OpenCV", figures=RECORD.figures)  # fmt: skip
BLOB = bytes(range(256)) * 400


def put(store: Store, blob: bytes = BLOB, key: EngineKey = ENGINE, force: bool = False) -> StoredEngine:
    return store.build(key, lambda: (blob, MADE), force=force)


def blob_of(found: StoredEngine) -> Path:
    return found.path.parent / found.manifest.file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def visible(folder: Path) -> list[str]:
    """The names in a folder but for lock files, which stay."""
    return [name for name in names(folder) if not name.endswith(".lock")]


def never() -> tuple[bytes, Made]:
    raise AssertionError("nothing had to be made")


def read_only(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make every writing in a folder fail, for root as well."""

    def refusing(real: Callable[..., Any], opens: bool = False) -> Callable[..., Any]:
        def call(path: object, *arguments: object, **options: Any) -> Any:
            reads = opens and not set("wxa+") & set(str((*arguments, *options.values(), "r")[0]))
            if isinstance(path, str | Path) and Path(path).is_relative_to(folder) and not reads:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
            return real(path, *arguments, **options)

        return call

    monkeypatch.setattr(io, "open", refusing(io.open, opens=True))
    for name in ("replace", "unlink", "mkdir"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))
