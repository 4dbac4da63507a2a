"""Colour configurations that the worker keeps open, and when it reads one anew."""

import os
from pathlib import Path

import numpy as np
import pytest

from interneg.plugin.worker.configs import Configs
from tests.core.colour.colour_configs import with_table, write_table


def middle(configs: Configs, config: Path) -> float:
    colour, _ = configs.open(str(config))
    return float(colour.transform("video", "lin")(np.full((3, 1, 1), 0.5, np.float32))[1, 0, 0])


def test_a_configuration_stays_open_with_what_was_measured(tmp_path: Path) -> None:
    configs, config = Configs(), with_table(tmp_path)
    assert configs.open(str(config)) == configs.open(str(config))


def test_a_table_that_changed_is_read_anew(tmp_path: Path) -> None:
    configs, config, table = Configs(), with_table(tmp_path), tmp_path / "luts/g.spi1d"
    assert middle(configs, config) == pytest.approx(0.25)
    _, measured = configs.open(str(config))
    facts = table.stat()
    write_table(table, 0.35)
    os.utime(table, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert middle(configs, config) == pytest.approx(0.35)
    assert configs.open(str(config))[1] is not measured


def test_a_table_that_changed_while_others_were_in_use_is_read_anew(tmp_path: Path) -> None:
    """OCIO keeps it, though the configuration is open no more."""
    configs, config = Configs(), with_table(tmp_path / "show")
    assert middle(configs, config) == pytest.approx(0.25)
    for other in ("ocio://cg-config-latest", "ocio://studio-config-latest"):
        configs.open(other)
    write_table(tmp_path / "show/luts/g.spi1d", 0.35)
    assert middle(configs, config) == pytest.approx(0.35)


def test_a_table_that_was_missing_is_found_once_it_is_there(tmp_path: Path) -> None:
    configs, config, table = Configs(), with_table(tmp_path), tmp_path / "luts/g.spi1d"
    table.unlink()
    colour, _ = configs.open(str(config))
    assert colour.tables.missing and configs.open(str(config))[0] is colour
    write_table(table, 0.3)
    assert middle(configs, config) == pytest.approx(0.3)
    table.unlink()
    assert configs.open(str(config))[0].tables.missing
