"""Where hosts and the worker meet: a folder of the user's own, and who may connect."""

from __future__ import annotations

import os
import re
import socket
import stat
import struct
from pathlib import Path

from interneg.errors import OutputError, UsageError


def path() -> Path:
    """The worker's folder: $INTERNEG_WORKER_DIR, else $XDG_RUNTIME_DIR/interneg, else /tmp/interneg-UID."""
    own, session = os.environ.get("INTERNEG_WORKER_DIR"), os.environ.get("XDG_RUNTIME_DIR")
    if own:
        return Path(own).absolute()
    return Path(session, "interneg").absolute() if session else Path(f"/tmp/interneg-{os.geteuid()}")


def folder() -> Path:
    """The worker's folder, made where it is missing.

    Raises UsageError where it is a link, someone else's, or open to others: who can write there could pose
    as the worker. Raises OutputError where it cannot be made.
    """
    made = path()
    try:
        made.mkdir(mode=0o700, exist_ok=True)
        facts = made.lstat()
    except OSError as error:
        raise OutputError(
            f"the worker's folder {made} cannot be made: {error.strerror}; name another in "
            "$INTERNEG_WORKER_DIR"
        ) from error
    fault = None
    if not stat.S_ISDIR(facts.st_mode):
        fault = "is a link or a file"
    elif facts.st_uid != os.geteuid():
        fault = f"belongs to the user {facts.st_uid}"
    elif facts.st_mode & 0o077:
        fault = f"is open to others (mode {stat.S_IMODE(facts.st_mode):04o})"
    if fault:
        raise UsageError(
            f"the worker's folder {made} {fault}: expected a folder of your own with mode 0700; correct it, "
            "or name another in $INTERNEG_WORKER_DIR"
        )
    return made


def stem() -> str:
    """What the names of socket, lock and log start with: "worker", or "worker-gpuN" where $INTERNEG_GPU is N.

    Raises UsageError where that is no number from 0 to 999.
    """
    gpu = os.environ.get("INTERNEG_GPU", "")
    if gpu and not re.fullmatch("[0-9]{1,3}", gpu):
        raise UsageError(
            f"$INTERNEG_GPU is '{gpu}': expected the number of a GPU, 0 to 999, as nvidia-smi counts them"
        )
    return f"worker-gpu{gpu}" if gpu else "worker"


def is_own(peer: socket.socket) -> bool:
    """Whether the process at the other end of a Unix socket runs as the same user."""
    facts = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", facts)
    return bool(uid == os.geteuid())
