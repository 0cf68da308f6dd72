"""PowerMTA's configuration language: text in, one checked `Configuration` out.

Before it: the files an operator wrote. After it: every stage, which reads settings.
Pure: the caller hands it a way to read files. Source: guide 3.1-3.3, rules CFG DOM SRC.
Public: `load`, `Configuration`, `Problem`, `DIRECTIVES` (the table).
"""
