"""PowerMTA's configuration language: text in, one checked `Configuration` out.

Before it: the files an operator wrote. After it: every stage, which reads settings.
Pure: the caller hands it a way to read files. Source: guide 3.1-3.3, rules CFG DOM SRC.
Public: `load`, `Loaded`, `Configuration`, `Problem`, `Files`, `DIRECTIVES` (the table).
"""

from sinyal.config.configuration import Configuration
from sinyal.config.directives.table import DIRECTIVES
from sinyal.config.files import Files
from sinyal.config.load import Loaded, load
from sinyal.config.problem import Problem

__all__ = ["DIRECTIVES", "Configuration", "Files", "Loaded", "Problem", "load"]
