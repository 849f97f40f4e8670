"""What the exit code of a command says, and the sentence that goes with it."""

from enum import IntEnum

from understudy.errors import ConfigurationError, RequestError, UnderstudyError


class ExitCode(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FAILED = 1
    """The task failed, or the command could not do what was asked."""
    USAGE = 2
    """The command line or the configuration is wrong."""
    UNREACHABLE = 3
    """No server answers."""
    REFUSED = 4
    """The server refused the request: inputs, keys, limits."""
    INTERRUPTED = 130
    """Ctrl-C."""


HELP = "Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 no server answers, 4 refused, 130 interrupted."


_PLAINER = {
    "slug-owner-project-not-exist": "The server has no such model. `understudy models list` prints those that ship.",
    "There is no task yet.": "The project has no such task. `understudy tasks list` prints those that it has.",
}
"""What the protocol says in words for programs."""


def exit_code(error: BaseException) -> ExitCode:
    """The code for an error that ends a command."""
    if isinstance(error, ConfigurationError):
        return ExitCode.USAGE
    if isinstance(error, RequestError):
        return ExitCode.REFUSED
    if isinstance(error, UnderstudyError):
        from understudy.client.errors import InvalidRequest, NotConfigured, RequestRefused, ServerUnreachable

        if isinstance(error, ServerUnreachable | NotConfigured):
            return ExitCode.UNREACHABLE
        if isinstance(error, RequestRefused):
            return ExitCode.REFUSED
        if isinstance(error, InvalidRequest):
            return ExitCode.USAGE
    return ExitCode.FAILED


def sentence(error: BaseException) -> str:
    """What went wrong, for the person at the keyboard."""
    if isinstance(error, RequestError) and error.details:
        return " ".join((error.message, *error.details))
    if isinstance(error, UnderstudyError):
        return _PLAINER.get(error.message, error.message)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    kind = type(error).__name__
    return f"unexpected error: {kind}: {error} (UNDERSTUDY_DEBUG=1 shows where; please report it)"
