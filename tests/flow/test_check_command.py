"""`sinyal check` and `sinyal mta` on a file with an error of each kind."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# One line each: the text, and how its problem is told ("" where there is none).
LINES: tuple[tuple[str, str], ...] = (
    ("log-file pmta.log", ""),
    ("<spool spool>", ""),
    ("</spool>", ""),
    ("total-max-smtp-inn 5", "total-max-smtp-inn: unknown directive, did you mean"),
    ("max-smtp-out 5", "max-smtp-out: does not belong in the global level, move it"),
    ("total-max-smtp-in many", 'total-max-smtp-in: "many" is not a whole number,'),
    ("total-max-smtp-in", "total-max-smtp-in: the value is missing, write a number"),
    ("total-max-smtp-in 1 2", 'total-max-smtp-in: "2" is one word too many,'),
    ("log-file-world-readable maybe", 'log-file-world-readable: "maybe" is not a sw'),
    ('host-name "open', "host-name: a double quote is not closed, add the closing"),
    ("smtp-listener 127.0.0.1", "smtp-listener: the port is missing, write IP:PORT"),
    ("smtp-listener 127.0.0.1:2525", ""),
    ("smtp-listener 127.0.0.1:2525", "smtp-listener: 127.0.0.1:2525 is listened to"),
    ("domain-key a, b", "domain-key: a key has a selector, a domain and a file,"),
    ("domain-key a, b.example, no.pem", "domain-key: {directory}/no.pem cannot be"),
    ("include none.conf", "include: {directory}/none.conf is not there"),
    ("<sorce 0/0>", "<sorce>: unknown section, did you mean source?"),
    ("</sorce>", ""),
    ("<source 0/0>", ""),
    ("rewrite-list nowhere", "rewrite-list: nowhere is not defined, add <rewrite-li"),
    ("default-virtual-mta nowhere", "default-virtual-mta: nowhere is not defined,"),
    ("</source>", ""),
    ("<virtual-mta a>", ""),
    ("</virtual-mta>", ""),
    ("<virtual-mta-pool a>", "<virtual-mta-pool a>: a VirtualMTA is called a too,"),
    ("virtual-mta a", ""),
    ("</virtual-mta-pool>", ""),
    ("<domain a b>", '<domain>: "b" is one word too many,'),
    ("</domain>", ""),
    ("<domain x.example>", ""),
    ("type pipe", "type: pipe is refused"),
    ("</domain>", ""),
    ("<smtp-user u>", ""),
    ("password correct horse", "password: it has blanks or a double quote too many"),
    ("</smtp-user>", ""),
    ("<signals>", "<signals>: the section is not closed, add </signals> after"),
    ("api-key short", "api-key: the key has 5 characters"),
)


def sinyal(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sinyal", *words]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    path = tmp_path / "faulty.conf"
    path.write_text("".join(f"{line}\n" for line, _ in LINES))
    return path


def expected(path: Path) -> list[str]:
    return [
        f"{path}:{number}: {said.format(directory=path.parent)}"
        for number, (_, said) in enumerate(LINES, 1)
        if said
    ]


def test_every_error_of_a_file_is_told_with_its_line_and_the_exit_is_2(
    faulty: Path,
) -> None:
    ended = sinyal("check", str(faulty))
    assert ended.returncode == 2
    told = [line for line in ended.stderr.splitlines() if "(warning)" not in line]
    wanted = expected(faulty)
    for start in wanted:
        assert any(line.startswith(start) for line in told), (start, told)
    numbers = {line.split(": ")[0] for line in told}
    assert numbers == {start.split(": ")[0] for start in wanted}
    assert "horse" not in ended.stderr


def test_the_mail_server_does_not_start_on_a_faulty_file(faulty: Path) -> None:
    state = faulty.parent / "state"
    ended = sinyal("mta", "--config", str(faulty), "--state", str(state))
    assert ended.returncode == 2
    checked = sinyal("check", str(faulty))
    assert ended.stderr.splitlines() == checked.stderr.splitlines()
    assert not state.exists()
