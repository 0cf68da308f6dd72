"""`sinyal check FILE` on real files."""

import json

import pytest
from typer.testing import CliRunner

from sinyal.programs.check import app
from sinyal.runtime.configuration import DiskFiles, load_configuration

GOOD = "log-file l\n<spool s>\n</spool>\n"


@pytest.fixture
def written(tmp_path):
    def write(text, name="main.conf"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def test_a_file_without_problems_ends_with_0(written):
    path = written(GOOD)
    result = CliRunner().invoke(app, [path])
    assert result.exit_code == 0
    assert result.stdout == f"{path}: no errors, 0 warnings\n"


def test_warnings_are_printed_and_end_with_0(written):
    path = written(GOOD + "http-mgmt-port 8081\n")
    result = CliRunner().invoke(app, [path])
    assert result.exit_code == 0
    assert f"{path}:4: http-mgmt-port: has no effect here" in result.stderr


def test_errors_are_printed_all_and_end_with_2(written):
    path = written(GOOD + "nonsense 1\ntotal-max-smtp-in many\n")
    result = CliRunner().invoke(app, [path])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 2


def test_problems_can_be_had_as_json(written):
    result = CliRunner().invoke(app, [written(GOOD + "nonsense 1\n"), "--json"])
    assert result.exit_code == 2
    (problem,) = json.loads(result.stdout)["problems"]
    assert (problem["line"], problem["directive"]) == (4, "nonsense")


def test_a_file_that_is_not_utf8_is_a_problem(written):
    (found, *_) = load_configuration(written(b"log-file \xff\n")).problems
    assert found.text == "the line is not UTF-8"


def test_a_file_that_is_not_there_is_a_problem(tmp_path):
    loaded = load_configuration(str(tmp_path / "none"))
    assert loaded.configuration is None


def test_relative_paths_are_in_the_directory_of_the_file(
    written, tmp_path, monkeypatch
):
    monkeypatch.chdir("/")
    found = load_configuration(written(GOOD)).configuration
    assert found.settings.log_file == str(tmp_path / "l")
    assert found.spools == (str(tmp_path / "s"),)


def test_wildcards_include_files_in_byte_order(written):
    written("total-max-smtp-in 1\n", "b.inc")
    written("total-max-smtp-in 2\n", "a.inc")
    found = load_configuration(written(GOOD + "include *.inc\n")).configuration
    assert found.settings.total_max_smtp_in == 1
    assert DiskFiles().expand("/nowhere/a**b") == []


def test_of_a_file_that_is_not_there_nothing_else_is_said(tmp_path):
    path = str(tmp_path / "none.conf")
    result = CliRunner().invoke(app, [path])
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        f"{path}:1: No such file or directory, check the path and the permissions"
    ]
