"""Scratch folders go with their process, however that ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from finops_cost_management.engine import Engine
from finops_cost_management.errors import AccessError
from finops_cost_management.scratch import ScratchFolder
from finops_cost_management.settings import Settings

pytestmark = pytest.mark.real_component


def test_folders_in_use_stay_and_go_with_their_engine(tmp_path: Path) -> None:
    with Engine(scratch=tmp_path) as first:
        with Engine(scratch=tmp_path) as second:
            assert first.scratch.is_dir()
            assert first.scratch != second.scratch
        assert first.scratch.is_dir()
        assert not second.scratch.exists()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_killed_process_goes_with_the_next_start(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from finops_cost_management.scratch import ScratchFolder\n"
        f"folder = ScratchFolder(Path({str(tmp_path)!r}))\n"
        "(folder.path / 'spill').write_text('x'); print(folder.path, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    left = Path(process.stdout.readline().strip())

    ScratchFolder(tmp_path).cleanup()
    assert (left / "spill").exists(), "it is in use"

    process.kill()
    process.communicate()
    ScratchFolder(tmp_path).cleanup()
    assert list(tmp_path.iterdir()) == []


def test_without_locks_old_folders_are_abandoned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finops_cost_management.scratch.fcntl", None)
    young, old = tmp_path / "engine-young", tmp_path / "engine-old"
    for folder in (young, old):
        folder.mkdir()
    eight_days_ago = time.time() - 8 * 86_400
    os.utime(old, (eight_days_ago, eight_days_ago))

    new = ScratchFolder(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"engine-young", new.path.name}
    new.cleanup()
    assert not new.path.exists()


def test_a_home_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(AccessError, match=r"cannot make a scratch folder in .*check FINOPS_HOME"):
        Engine.of(Settings(home=tmp_path / "file"))


@pytest.mark.parametrize(("limit", "quarter"), [("2GB", 500), ("512MiB", 134)])
def test_engines_at_once_share_memory_and_threads(tmp_path: Path, limit: str, quarter: int) -> None:
    settings = Settings(home=tmp_path, memory_limit=limit, threads=8)
    with Engine.of(settings, at_once=4) as engine:
        ((memory, threads),) = engine.sql(
            "SELECT current_setting('memory_limit'), current_setting('threads')"
        )
    number, unit = memory.split()
    megabytes = float(number) * {"MiB": 1.048576, "GiB": 1073.741824}[unit]
    assert megabytes == pytest.approx(quarter, rel=0.01)
    assert threads == 2
