"""The error that a person at the command line can fix."""


class CommandError(Exception):
    """A mistake in the input; shown as one message without a traceback, exit code 2."""
