"""The disk as the configuration sees it: only files that end."""

import os

import pytest

from sinyal.runtime.configuration import MAX_OCTETS, DiskFiles, load_configuration


def first_problem(path):
    return str(load_configuration(str(path)).problems[0])


def test_a_directory_a_pipe_and_a_device_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "Is a directory" in first_problem(tmp_path)
    assert "it is not a file" in first_problem(tmp_path / "pipe")
    assert "it is not a file" in first_problem("/dev/zero")


def test_an_include_or_a_list_of_addresses_without_end_is_refused_too(tmp_path):
    main = tmp_path / "config"
    main.write_text("include /dev/zero\n")
    assert "/dev/zero:1: it is not a file" in first_problem(main)
    with pytest.raises(OSError, match="it is not a file"):
        next(iter(DiskFiles().pieces("/dev/zero")))


def test_a_shell_may_hand_in_a_pipe():
    reader, writer = os.pipe()
    os.write(writer, b"log-rotate 2\n")
    os.close(writer)
    assert DiskFiles().read_bytes(f"/dev/fd/{reader}") == b"log-rotate 2\n"
    os.close(reader)


def test_a_file_above_16_mb_is_refused(tmp_path):
    large = tmp_path / "config"
    with large.open("wb") as file:
        file.truncate(MAX_OCTETS + 1)
    assert "larger than 16 MB" in first_problem(large)


def test_a_file_that_includes_itself_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").write_text("log-file l\ninclude config\n")
    found = [str(problem) for problem in load_configuration("config").problems]
    own = tmp_path / "config"
    assert f"config:2: include: {own} includes itself, remove the line" in found
    assert not any("written before" in said for said in found)
