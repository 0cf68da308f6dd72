"""Configurations in memory."""

from pem_files import PAIR

from sinyal.config import load

BASE = "log-file l\n<spool s>\n</spool>\n"


class Shelf:
    """Files by path; what is named `*.pem` holds a certificate and its key."""

    def __init__(self, files):
        self.files = files
        self.modes = {}

    def read(self, path):
        return self.read_bytes(path).decode()

    def read_bytes(self, path):
        if path.endswith(".pem") and path not in self.files:
            return PAIR
        if path not in self.files:
            raise FileNotFoundError(2, "No such file or directory", path)
        found = self.files[path]
        return found if isinstance(found, bytes) else found.encode()

    def pieces(self, path):
        return [self.read_bytes(path)]

    def mode(self, path):
        return self.modes.get(path, 0o600)

    def resolve(self, path, beside):
        return path if path.startswith("/") else f"/c/{path}"

    def expand(self, pattern):
        if not pattern.endswith("*"):
            return [pattern] if pattern in self.files else []
        return sorted(path for path in self.files if path.startswith(pattern[:-1]))

    def exists(self, path):
        return path.endswith(".pem") or path in self.files


class OneFile:
    """A disk that holds one configuration, and any file that it names."""

    def __init__(self, text):
        self.text = text

    def read(self, path):
        return self.text

    def resolve(self, path, beside):
        return path if path.startswith("/") else f"/c/{path}"

    def expand(self, pattern):
        return []

    def read_bytes(self, path):
        return PAIR if path.endswith(".pem") else self.text.encode()

    def pieces(self, path):
        yield self.read_bytes(path)

    def mode(self, path):
        return 0o600

    def exists(self, path):
        return True


def loaded(text, **others):
    """What comes of the file `text`; `others` are files beside it."""
    end = BASE.encode() if isinstance(text, bytes) else BASE
    newline = b"\n" if isinstance(text, bytes) else "\n"
    files = {f"/c/{name}": other for name, other in others.items()}
    return load("/c/main", Shelf({"/c/main": text + newline + end, **files}))


def configuration(text, **others):
    """The configuration of a file without errors."""
    found = loaded(text, **others)
    assert found.configuration, [str(problem) for problem in found.problems]
    return found.configuration


def errors(text, **others):
    """Each error of the file, without the path before it."""
    return [
        str(problem).removeprefix("/c/main:")
        for problem in loaded(text, **others).problems
        if problem.is_error
    ]


def warnings(text, **others):
    """Each warning of the file, without the path before it."""
    return [
        str(problem).removeprefix("/c/main:")
        for problem in loaded(text, **others).problems
        if not problem.is_error
    ]
