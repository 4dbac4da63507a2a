"""Caches: what TensorRT for RTX compiled for an engine and GPU, and how fast kernels ran for TensorRT.

One that is missing or damaged is made again, so a store that cannot be written stops nothing.
"""

from __future__ import annotations

import hashlib
import logging
from contextlib import suppress

import msgspec

from interneg.engines import files
from interneg.engines.folders import Folders
from interneg.engines.manifest import EngineKey, cache_name

log = logging.getLogger("interneg.engines")


def read(folders: Folders, key: EngineKey, gpu: str) -> bytes | None:
    """What `write` kept for an engine and a GPU, whole; None where there is nothing.

    gpu: all that the compiled kernels depend on beside the engine, such as the GPU's name and the driver.
    """
    # The last folder first: it takes what the others cannot, so its copy is never the older one.
    for folder in reversed(folders.paths):
        path = folder / cache_name(key, gpu)
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            log.warning("%s is not used, kernels are compiled again: %s", path, files.words(error))
            continue
        data = content[len(_head(key, gpu, b"")) :]
        if content == _head(key, gpu, data) + data:
            return data
        log.warning("%s is not used, kernels are compiled again: it is damaged", path)
    return None


def write(folders: Folders, key: EngineKey, gpu: str, data: bytes) -> None:
    """Keep the compiled kernels of an engine for a GPU, whole or not at all."""
    name = cache_name(key, gpu)
    written = folders.write(name, _head(key, gpu, data) + data, "kernels are compiled at each start")
    if written is not None:
        for folder in folders.paths[folders.paths.index(written) + 1 :]:
            with suppress(OSError):  # an older copy, which would be read before this one
                (folder / name).unlink()


def _head(key: EngineKey, gpu: str, data: bytes) -> bytes:
    digest = hashlib.sha256(msgspec.json.encode([key, gpu]) + data).hexdigest()
    return b"interneg cache 1 " + digest.encode() + b"\n"
