import hashlib
import tomllib
from pathlib import Path

import pytest

import interneg.engines.catalogue as catalogue

FOLDER = Path(catalogue.__file__).parent
ENTRIES = sorted(FOLDER.glob("denoise-sr-*.toml"))


@pytest.mark.parametrize("path", ENTRIES, ids=lambda p: p.stem)
def test_weights_are_the_ones_described(path: Path) -> None:
    entry = tomllib.loads(path.read_text())
    assert entry["name"] == path.stem
    assert entry["parameters"] <= {"lite": 100_000, "standard": 1_500_000}[entry["variant"]]
    for weights in entry["weights"].values():
        data = (FOLDER / weights["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == weights["sha256"]
        assert len(data) <= 4 * 2**20


@pytest.mark.parametrize("path", ENTRIES, ids=lambda p: p.stem)
def test_every_entry_has_figures_and_a_card(path: Path) -> None:
    entry = tomllib.loads(path.read_text())
    assert entry["quality"], "measure it: python -m interneg.engines.training.export"
    card = path.with_name(f"denoise-sr-{entry['variant']}.md")
    assert entry["name"] in card.read_text()
