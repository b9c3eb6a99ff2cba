"""Tests that are killed leave no embedded AWS behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import ROOT

# The tests, as far as this is concerned.
TESTS = """
import sys, time
from pathlib import Path
from tests.reaper import end_with_the_tests
end_with_the_tests(Path(sys.argv[1]))
print("watched", flush=True)
time.sleep(60)
"""


def server(work_dir: Path) -> subprocess.Popen[bytes]:
    folder = work_dir / "local_aws"
    folder.mkdir(parents=True)
    script = folder / "moto_server.py"
    script.write_text("import time\ntime.sleep(60)\n")
    return subprocess.Popen([sys.executable, str(script), "3"], cwd=folder, start_new_session=True)


def test_it_ends_with_the_tests_and_no_other_does(tmp_path: Path) -> None:
    ours, other = server(tmp_path / "ours"), server(tmp_path / "other")
    tests = subprocess.Popen(
        [sys.executable, "-c", TESTS, str(tmp_path / "ours")], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert tests.stdout.readline() == b"watched\n"
        time.sleep(0.2)
        assert ours.poll() is None
        os.killpg(tests.pid, signal.SIGKILL)
        assert ours.wait(timeout=20) == -signal.SIGTERM
        assert other.poll() is None
    finally:
        for process in (tests, ours, other):
            process.kill()
            process.wait()
        tests.stdout.close()
