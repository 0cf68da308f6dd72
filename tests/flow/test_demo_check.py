"""The whole chain: every program for real, on loopback, and the demo's own proof."""

import subprocess
import sys
from pathlib import Path

SECONDS = 150
DEMO = (sys.executable, "-m", "sinyal", "demo", "--check", "--any-ports")


def demo(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [*DEMO, "--root", str(root)]
    return subprocess.run(
        [*command, *options],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env={"COLUMNS": "100", "PATH": "/usr/bin:/bin"},
    )


def test_all_witnesses_agree_on_every_number(tmp_path: Path) -> None:
    done = demo(tmp_path, "--count", "200", "--rate", "0", "--seed", "4")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "every difference is 0" in done.stdout
    log = (tmp_path / "log" / "pmta.log").read_text()
    assert "Signals: Discovered 1 file, transferred 1 file successfully" in log


def test_nothing_acknowledged_is_lost_by_a_kill_9(tmp_path: Path) -> None:
    done = demo(tmp_path, "--count", "300", "--rate", "60", "--kill-at", "120")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing acknowledged was lost" in done.stdout


def test_a_demo_that_is_told_to_end_takes_its_programs_along(tmp_path: Path) -> None:
    command = [*DEMO, "--root", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if "traffic" in line:
                break
        running.terminate()
        running.stdout.read()

        assert running.wait(60) == 130
    left = [
        cmdline
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if str(tmp_path) in (cmdline := read(path))
    ]
    assert left == []


def read(path: Path) -> str:
    try:
        return path.read_bytes().replace(b"\0", b" ").decode()
    except OSError:  # the process has ended meanwhile
        return ""
