"""Built engines in a folder: what identifies one, the manifest beside its blob, whether both are whole."""

from __future__ import annotations

import hashlib
import platform
import re
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from interneg.engines.files import words

EngineState = Literal["ok", "stale", "foreign", "truncated", "tampered", "orphan", "unreadable"]

MANIFEST = ".manifest.json"
TIMINGS = "timings"
"""In the place of a model's name: caches of how fast kernels ran while engines were built, for all models."""
STEM = "[A-Za-z0-9_-]+-[0-9a-f]{16}"
BLOB = re.compile(rf"({STEM})\.[0-9a-f]{{12}}-[0-9a-f]{{8}}\.engine")
CACHE = re.compile(rf"({STEM})\.[0-9a-f]{{16}}\.cache")
SYSTEM = f"{platform.system()} {platform.machine()}"


class EngineKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a built engine depends on.

    weights: SHA-256 of the ONNX that it is built from. profile: its name, such as "hd". shapes: min, opt and
    max as HxW, such as "64x64 1152x2048 1152x2048". runtime: "tensorrt" or "tensorrt-rtx". target:
    "portable", "sm89", or for tensorrt "sm89 L4". system: such as "Linux x86_64". options: such as
    "version-compatible".
    """

    model: str
    weights: str
    precision: str
    profile: str
    shapes: str
    runtime: str
    version: str
    target: str
    system: str
    options: str = ""

    @property
    def stem(self) -> str:
        """What the names of its files begin with: readable, safe on every file system, one for each key."""
        digest = hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]
        readable = f"{self.model}-{self.precision}-{self.profile}-{self.target}"
        return f"{re.sub('[^A-Za-z0-9_]+', '-', readable)[:80].strip('-') or 'engine'}-{digest}"


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An engine's results against the reference's.

    Errors are absolute, in the units of the correction; psnr in dB for a peak of 1.
    """

    maximum: float
    p999: float
    mean: float
    psnr: float
    nans: int


class Made(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an engine was made: facts for people, no part of the key.

    seconds: how long it took. at: ISO time in UTC; nothing is decided by it. islands: layers kept in fp32.
    reference, figures: how it qualified; None where there was no GPU to qualify it on.
    """

    interneg: str
    driver: str
    cuda: str
    seconds: float
    at: str
    islands: tuple[str, ...] = ()
    reference: str = ""
    figures: Figures | None = None


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known about a built engine. file: its blob, in the same folder; size, sha256: the blob's.

    seal: SHA-256 of the rest. Hash and seal reveal damage and casual editing. They are no signature: whoever
    can write the folder can make a new seal too, so an engine is as trustworthy as those who may write there.
    """

    key: EngineKey
    file: str
    size: int
    sha256: str
    made: Made
    seal: str


class StoredEngine(NamedTuple):
    """An engine in the store. path: of the manifest."""

    manifest: Manifest
    path: Path


class Unusable(Exception):
    """Why a manifest or its blob is not used. broken: for good, not out of reach or of another version."""

    def __init__(self, state: EngineState, reason: str, *, broken: bool = True) -> None:
        super().__init__(reason)
        self.state: EngineState = state
        self.broken = broken


def rebuild_command(key: EngineKey) -> str:
    """The command that builds an engine again."""
    target = key.target if key.runtime == "tensorrt-rtx" else "current"
    options = ["--models", key.model, "--precisions", key.precision, "--profiles", key.profile]
    options += ["--targets", target, "--runtime", key.runtime]
    options += ["--version-compatible"] if key.options == "version-compatible" else []
    return shlex.join(("build_engines.py", *options))


def lock_path(folder: Path, stem: str) -> Path:
    """The file that a builder of an engine holds locked."""
    return folder / f".{stem}.lock"


def cache_name(key: EngineKey, gpu: str) -> str:
    """The name of the file for what was compiled for an engine and a GPU."""
    return f"{key.stem}.{hashlib.sha256(gpu.encode()).hexdigest()[:16]}.cache"


def new_manifest(key: EngineKey, blob: bytes, made: Made) -> Manifest:
    """The manifest of a blob, under a name that no blob had before, so that none in use is overwritten."""
    sha256 = hashlib.sha256(blob).hexdigest()
    file = f"{key.stem}.{sha256[:12]}-{secrets.token_hex(4)}.engine"
    manifest = Manifest(key, file, len(blob), sha256, made, seal="")
    return msgspec.structs.replace(manifest, seal=_seal(msgspec.to_builtins(manifest)))


def encode(manifest: Manifest) -> bytes:
    """A manifest as the text of its file."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2)


def decode(data: bytes) -> Manifest:
    """The manifest in the text of a file. Raises Unusable."""
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unusable("unreadable", f"it is no JSON: {error}") from error
    if not isinstance(raw, dict) or "seal" not in raw:
        raise Unusable("unreadable", "it is no manifest of an engine")
    # The seal is over what the file says, not over what this version reads from it: so a manifest of another
    # version is told from an edited one.
    if raw["seal"] != _seal(raw):
        raise Unusable("tampered", "it was edited after the engine was built: its seal does not fit")
    try:
        return msgspec.convert(raw, Manifest)
    except msgspec.ValidationError as error:
        raise Unusable("foreign", f"another version of Interneg wrote it: {error}", broken=False) from error


def examine(path: Path, *, thorough: bool = False) -> Manifest:
    """The manifest of a file, checked, with a blob of the right size (thorough: and hash) beside it.

    Raises Unusable, and FileNotFoundError where there is no such manifest.
    """
    data = _read(path)
    while True:
        try:
            return _whole(path, decode(data), thorough)
        except Unusable:
            # A rebuild may have put a new manifest in its place and removed the blob since it was read.
            before, data = data, _read(path)
            if data == before:
                raise


def read_blob(found: StoredEngine) -> bytes:
    """The blob of an engine, verified. Raises Unusable."""
    manifest = found.manifest
    try:
        data = (found.path.parent / manifest.file).read_bytes()
    except FileNotFoundError as error:
        raise Unusable("truncated", f"its blob {manifest.file} is missing") from error
    except OSError as error:
        raise Unusable("unreadable", f"{manifest.file}: {words(error)}", broken=False) from error
    _same_size(manifest, len(data))
    _same_hash(manifest, hashlib.sha256(data).hexdigest())
    return data


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except NotADirectoryError as error:
        raise FileNotFoundError(error.errno, error.strerror, str(path)) from error
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unusable("unreadable", words(error), broken=False) from error


def _whole(path: Path, manifest: Manifest, thorough: bool) -> Manifest:
    stem = manifest.key.stem
    if path.name != stem + MANIFEST:
        raise Unusable("tampered", f"it is about another engine, {stem}")
    named = BLOB.fullmatch(manifest.file)
    if named is None or named[1] != stem:
        raise Unusable("tampered", f"it names {manifest.file!r}, not a blob of its own in the same folder")
    blob = path.parent / manifest.file
    try:
        _same_size(manifest, blob.stat().st_size)
        if thorough:
            with blob.open("rb") as file:
                _same_hash(manifest, hashlib.file_digest(file, "sha256").hexdigest())
    except FileNotFoundError as error:
        raise Unusable("truncated", f"its blob {manifest.file} is missing") from error
    except OSError as error:
        raise Unusable("unreadable", f"{manifest.file}: {words(error)}", broken=False) from error
    return manifest


def _same_size(manifest: Manifest, size: int) -> None:
    if size != manifest.size:
        state: EngineState = "truncated" if size < manifest.size else "tampered"
        raise Unusable(state, f"{manifest.file} has {size} bytes, not {manifest.size}")


def _same_hash(manifest: Manifest, sha256: str) -> None:
    if sha256 != manifest.sha256:
        raise Unusable("tampered", f"{manifest.file} has the SHA-256 {sha256}, not {manifest.sha256}")


def _seal(raw: Mapping[str, object]) -> str:
    rest = {key: value for key, value in raw.items() if key != "seal"}
    return hashlib.sha256(msgspec.json.encode(rest, order="deterministic")).hexdigest()
