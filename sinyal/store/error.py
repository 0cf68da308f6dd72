"""The one error of both stores: machine failure, in the words of the engine."""


class StoreError(OSError):
    """A store could not answer; the text is one line of the engine's."""
