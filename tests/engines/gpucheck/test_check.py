from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from interneg.engines.gpucheck import check, power, timing
from interneg.engines.gpucheck.cases import Case
from interneg.engines.gpucheck.check import main
from interneg.engines.gpucheck.table import Measured
from interneg.engines.runtimes import RUNTIMES


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "CASES", (Case("small 1x", 1, 40, 72), Case("small to 2x", 2, 40, 72)))


def test_it_times_what_runs_and_says_what_does_not(
    small: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--seconds", "0.05", "--models", "denoise-sr-lite-*", "--runtimes", "openvino,tensorrt-rtx"]
    main(["--out", str(tmp_path), *options])
    report = json.loads((tmp_path / "gpucheck.json").read_text())
    rows = [r for r in report["rows"] if r["runtime"] == "openvino" and r["precision"] == "fp32"]
    assert [(r["model"], r["case"]) for r in rows] == [
        ("denoise-sr-lite-x1", "small 1x"),
        ("denoise-sr-lite-x2", "small to 2x"),
    ]
    for row in rows:
        assert row["engine_ms"] > 0 and row["device_ms"] > 0 and row["end_to_end_ms"] > 0
        assert row["rate"] == pytest.approx(row["engine_ms"] / row["end_to_end_ms"])
    if not report["machine"]["gpu"]:
        assert any(n.startswith("tensorrt-rtx: ") for n in report["notes"])
    table = (tmp_path / "gpucheck.md").read_text()
    assert table in capsys.readouterr().out
    assert table.count("\n| denoise-sr-lite-x2 |") == sum(
        r["model"] == "denoise-sr-lite-x2" for r in report["rows"]
    )


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("--models", "no model 'nope'"),
        ("--cases", "no case holds 'nope'"),
        ("--runtimes", "no runtime 'nope'"),
    ],
)
def test_what_there_is_not_is_refused_in_one_line(
    option: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--out", str(tmp_path), option, "nope"])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1


def test_an_interruption_loses_no_row(small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(*_: object) -> Iterator[Measured]:
        yield Measured("m", "c", "r", "fp32", engine_ms=10.0)
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "measured", rows)
    monkeypatch.setattr(check, "built", lambda *_: [])
    with pytest.raises(KeyboardInterrupt):
        main(["--out", str(tmp_path)])
    assert json.loads((tmp_path / "gpucheck.json").read_text())["rows"][0]["engine_ms"] == 10.0
    assert "| m | c | r | fp32 | 10.0 |" in (tmp_path / "gpucheck.md").read_text()


def test_the_gpu_watched_is_the_first_one_of_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = SimpleNamespace(
        init=lambda: None, Device=lambda number: SimpleNamespace(pci_bus_id=lambda: "0000:65:00.0")
    )
    monkeypatch.setitem(sys.modules, "pycuda", SimpleNamespace(driver=driver))
    monkeypatch.setitem(sys.modules, "pycuda.driver", driver)
    nvml = SimpleNamespace(
        nvmlDeviceGetHandleByIndex=lambda number: number, nvmlDeviceGetHandleByPciBusId=lambda bus: bus
    )
    assert power.first_handle(nvml) == b"0000:65:00.0"
    monkeypatch.setitem(sys.modules, "pycuda.driver", None)
    assert power.first_handle(nvml) == 0


def test_torch_is_timed_beside(small: None, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    options = ["--seconds", "0.05", "--models", "denoise-sr-lite-x2", "--runtimes", "torch-eager"]
    main(["--out", str(tmp_path), *options])
    rows = json.loads((tmp_path / "gpucheck.json").read_text())["rows"]
    assert rows and all(r["runtime"].startswith("torch-eager") and r["engine_ms"] > 0 for r in rows)


def test_a_case_that_takes_too_long_is_left_out_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((0.0, 1.0))
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    assert timing.too_slow(lambda size: None, Case("UHD 1x", 1, 2160, 3840), 4.0) == (
        "left out: a frame would take about 127 s"
    )


def test_a_row_without_a_figure_has_no_rate() -> None:
    assert Measured("m", "c", "r", "fp32", engine_ms=10.0).rate is None
    assert Measured("m", "c", "r", "fp32", engine_ms=10.0, end_to_end_ms=20.0).rate == 0.5


def test_a_folder_that_cannot_be_written_is_named_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as ended:
        main(["--out", str(tmp_path / "file" / "out")])
    assert ended.value.code == 6
    error = capsys.readouterr().err
    assert "file/out cannot be written: " in error and error.count("\n") == 1


def test_where_nothing_could_be_measured_it_fails(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(RUNTIMES["openvino"], "unavailable", lambda: "not today")
    with pytest.raises(SystemExit) as ended:
        main(["--out", str(tmp_path), "--runtimes", "openvino"])
    assert ended.value.code == 5
    output = capsys.readouterr()
    assert "openvino: not today" in output.out and "nothing could be measured" in output.err
