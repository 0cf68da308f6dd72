"""`include` lines replaced by the files they name; guide 3.3.1.31 (CFG-16)."""

import re

from sinyal.config.decode import decoded
from sinyal.config.files import Files
from sinyal.config.grammar import Line, Node, Section, parse
from sinyal.config.problem import BadValue, Problem
from sinyal.config.values import word

URL = re.compile(r"[a-z]+://", re.IGNORECASE)
COPY_IT = "fetch it to a file of this server and include that"
MAX_FILES = 1000
MAX_OCTETS = 16 << 20  # of all files together
MAX_CHAIN = 16  # files that include each other in turn


class Reader:
    """Reads a file and all that it includes; `problems` grows as it goes."""

    def __init__(self, files: Files, root: str) -> None:
        self.problems: list[Problem] = []
        self._files = files
        self._root = root
        self._count = 0
        self._octets = 0

    def read(self, path: str, reading: tuple[str, ...] = ()) -> tuple[Node, ...]:
        """The tree of `path` with its includes in place; `reading` is being read."""
        self._count += 1
        try:
            octets = self._files.read_bytes(path)
            self._octets += len(octets)
            if self._octets > MAX_OCTETS:
                raise BadValue("with it the configuration is too large", "shorten it")
            text, faults = decoded(octets)
        except BadValue as bad:
            self._report(path, 1, "", bad.text, bad.remedy)
            return ()
        except OSError as error:
            reason = error.strerror or "it cannot be read"
            self._report(path, 1, "", reason, "check the path and the permissions")
            return ()
        for line, fault, remedy in faults:
            self._report(path, line, "", fault, remedy)
        nodes, problems = parse(text, path)
        self.problems += problems
        own = path.rpartition("/")[2]  # the same file under the same name
        return self._replace(nodes, (*reading, self._files.resolve(own, path)))

    def _replace(
        self, nodes: tuple[Node, ...], reading: tuple[str, ...]
    ) -> tuple[Node, ...]:
        whole: list[Node] = []
        for node in nodes:
            if isinstance(node, Section):
                body = self._replace(node.body, reading)
                whole.append(
                    Section(node.tag, node.argument, node.file, node.line, body)
                )
            elif node.name.lower() == "include":
                whole += self._included(node, reading)
            else:
                whole.append(node)
        return tuple(whole)

    def _included(self, line: Line, reading: tuple[str, ...]) -> list[Node]:
        if self._count > MAX_FILES:  # said of an earlier line
            return []
        try:
            named = word(line.value)
            if URL.match(named):
                raise BadValue("a file of another server is not read", COPY_IT)
            pattern = self._files.resolve(named, self._root)
        except BadValue as bad:
            self._report_line(line, bad.text, bad.remedy or "write the path of a file")
            return []
        paths = self._files.expand(pattern)
        if not paths:
            self._report_line(line, f"{pattern} is not there", "check the path")
        nodes: list[Node] = []
        for path in paths:
            if path in reading:
                self._report_line(line, f"{path} includes itself", "remove the line")
            elif self._count >= MAX_FILES or len(reading) >= MAX_CHAIN:
                self._report_line(line, "too many files are included", "join some")
                self._count += 1
                break
            else:
                nodes += self.read(path, reading)
        return nodes

    def _report_line(self, line: Line, text: str, remedy: str) -> None:
        self._report(line.file, line.line, "include", text, remedy)

    def _report(
        self, file: str, line: int, directive: str, text: str, remedy: str
    ) -> None:
        self.problems.append(Problem(file, line, directive, text, remedy))
