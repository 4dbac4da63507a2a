"""The store's upkeep: what lies in it, in which state, and what can go."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from interneg.engines.building.libraries import LIBRARIES
from interneg.engines.building.profiles import PROFILES, shapes
from interneg.engines.factory import described
from interneg.engines.manifest import rebuild_command
from interneg.engines.models import Model
from interneg.engines.store import EngineKey, Record, Store, StoreEntry
from interneg.plugin.cli.engines.tables import key_facts, mebibytes, print_table, runtime_of


def look_after(
    store: Store, known: Mapping[str, Model], verify: bool, prune: bool, dry_run: bool, as_json: bool
) -> None:
    """List the store, verify it, or prune it, and print what was found.

    known: the catalogue. Raises typer.Exit with 5 where verify finds something broken.
    """

    def current(key: EngineKey) -> str:
        if key.model not in known:
            # It may be a facility's own, and pruning it for want of an option would be rash.
            return "" if prune else "the catalogue has no such model; name its folder in $INTERNEG_MODELS"
        return _unwanted(key, known[key.model])

    if prune:
        entries = store.prune(current, dry_run=dry_run)
    else:
        entries = store.entries(thorough=verify, current=current)
    # An engine's part of a record's version are the first digits of its hash.
    proofs = {r.key.version.rpartition(" ")[2]: r for r in store.records()}
    if as_json:
        print(json.dumps([_entry_facts(e, proofs) for e in entries], indent=2))
    elif prune:
        _show(entries, proofs)
        print(f"{len(entries)} {'would be removed' if dry_run else 'removed'}")
        strange = [e for e in store.entries() if e.key is not None and e.key.model not in known]
        if strange:
            print(f"{len(strange)} kept of models that the catalogue has not; is it in $INTERNEG_MODELS?")
    else:
        _show(entries, proofs)
        if not entries:
            print(f"no engines in {', '.join(map(str, store.folders))}")
    broken = [e for e in entries if e.broken]
    if verify:
        if not as_json:
            for e in broken:
                again = rebuild_command(e.key) if e.key is not None else "build_engines.py"
                print(f"{e.path.name}: build it again: {again}", file=sys.stderr)
            print(f"{len(entries)} files looked at, {len(broken)} broken")
        if broken:
            raise typer.Exit(5)


def _unwanted(key: EngineKey, model: Model) -> str:
    """Why an engine is of no more use, or an empty string: what cannot be told here is kept."""
    library = LIBRARIES.get(key.runtime)
    if library is None:
        return f"there is no runtime '{key.runtime}' any more"
    # As Model.file has it, for a precision that may be another version's.
    weights = {str(precision): file.sha256 for precision, file in model.weights.items()}
    if key.weights != weights.get(key.precision, weights["fp32"]):
        return "the model has new weights"
    if key.profile not in PROFILES or key.shapes != str(shapes(model, PROFILES[key.profile])):
        return f"the profile {key.profile} has other sizes now"
    if library.missing() is None and key.version not in (library.version(), library.version().split(".")[0]):
        return f"built by {key.runtime} {key.version}, installed is {library.version()}"
    return ""


def _entry_facts(entry: StoreEntry, proofs: Mapping[str, Record]) -> dict[str, Any]:
    facts: dict[str, Any] = {"path": str(entry.path), "state": entry.state, "reason": entry.reason}
    if entry.key is not None:
        facts |= key_facts(entry.key)
    if entry.manifest is not None:
        made = entry.manifest.made
        facts |= {"bytes": entry.manifest.size, "made": {f: getattr(made, f) for f in made.__struct_fields__}}
        if made.figures is not None:
            facts["made"]["figures"] = {f: getattr(made.figures, f) for f in made.figures.__struct_fields__}
        if proof := proofs.get(entry.manifest.sha256[:12]):
            figures = {f: getattr(proof.figures, f) for f in proof.figures.__struct_fields__}
            facts["qualified"] = {"device": proof.key.device, "figures": figures}
    return facts


def _show(entries: Sequence[StoreEntry], proofs: Mapping[str, Record]) -> None:
    rows = []
    for e in entries:
        state = f"{e.state}: {e.reason}" if e.reason else e.state
        if e.key is None or e.manifest is None:
            rows.append((e.path.name, "", "", "", "", "", state))
            continue
        k, m = e.key, e.manifest
        size = mebibytes(m.size)
        proof = described(m.made) if e.state == "ok" else state
        record = proofs.get(m.sha256[:12])
        if e.state == "ok" and record is not None:
            proof = f"{record.figures.psnr:.0f} dB on {record.key.device}"
        rows.append((k.model, k.precision, k.profile, k.target, runtime_of(k), size, proof))
    print_table(("model", "precision", "profile", "target", "runtime", "size", "state"), rows)
