from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interneg.plugin.cli.main import app


def fields(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def written(folder: Path, *words: object) -> str:
    done = CliRunner().invoke(app, ["submit", "deadline", *map(str, words), "--dest", str(folder)])
    assert done.exit_code == 0, done.output
    return done.output


def test_each_step_is_a_job_that_waits_for_the_one_before(plate: Callable[..., str], tmp_path: Path) -> None:
    job, given = tmp_path / "job", plate()
    said = written(
        job, "stabilise", given, tmp_path / "o.####.exr", "--analyse", "--chunk", 4, "--name", "sh10"
    )
    names = sorted(path.name for path in job.glob("*.job_info"))
    assert names == [
        "01_Measure_stabilise.job_info",
        "02_Solve_stabilise.job_info",
        "03_Render.job_info",
        "04_Review.job_info",
    ]
    line = said.splitlines()[-1]
    assert line.startswith("send it by: deadlinecommand -SubmitMultipleJobs -dependent -job ")
    assert [word.rpartition("/")[2] for word in line.split()[7::3]] == names
    render = fields(job / "03_Render.job_info")
    assert (render["Plugin"], render["BatchName"]) == ("CommandLine", "sh10")
    assert (render["Frames"], render["ChunkSize"]) == ("1001-1006", "4")
    assert fields(job / "04_Review.job_info")["Frames"] == "1001"
    plugin = fields(job / "03_Render.plugin_info")
    assert plugin["Executable"] == "interneg"
    assert plugin["Arguments"].endswith("--frames <STARTFRAME>-<ENDFRAME>")


def test_blanks_and_bars_are_quoted(plate: Callable[..., str], tmp_path: Path) -> None:
    written(tmp_path / "job", "deflicker | denoise-sr", plate(), tmp_path / "my out" / "o.####.exr")
    arguments = fields(tmp_path / "job" / "01_Render.plugin_info")["Arguments"]
    assert arguments.startswith("render <QUOTE>deflicker | denoise-sr<QUOTE> ")
    assert f"<QUOTE>{tmp_path}/my out/o.####.exr<QUOTE>" in arguments


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--mask", 'in/a "b".exr'), "leave out quotes and line breaks"),
        (("--name", "a\nb"), "has a line break"),
        (("--frames", "1001-1006x2"), "Deadline cuts frames into ranges without gaps"),
    ],
)
def test_what_its_files_cannot_say_is_refused(
    plate: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    says: str,
) -> None:
    given = plate()
    monkeypatch.chdir(tmp_path)
    Path('in/a "b".exr').write_bytes(Path("in/plate.1001.exr").read_bytes())
    line = ["submit", "deadline", "deflicker", given, str(tmp_path / "o.####.exr"), *options, "--dry-run"]
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 2
    assert says in done.output


def test_the_client_of_deadline_gets_the_files(
    plate: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = tmp_path / "bin" / "deadlinecommand"
    client.parent.mkdir()
    client.write_text('#!/bin/sh\nif test -f "$4" && test -f "$5"; then echo "2 jobs"; else exit 1; fi\n')
    client.chmod(0o755)
    monkeypatch.setenv("PATH", f"{client.parent}:/usr/bin:/bin")
    given = plate()
    monkeypatch.chdir(tmp_path)
    Path('in/a "b".exr').write_bytes(Path("in/plate.1001.exr").read_bytes())
    line = ["submit", "deadline", "deflicker", given, str(tmp_path / "out" / "o.####.exr")]
    done = CliRunner().invoke(app, line)
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "2 jobs")
    client.write_text("#!/bin/sh\necho no repository >&2; exit 3\n")
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 6
    assert "deadlinecommand did not take the job (exit 3): no repository" in done.output
