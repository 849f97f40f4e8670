"""Why nothing is moved, and why what was moved does not count."""

from understudy.errors import ConfigurationError, UnderstudyError


class NotWhole(UnderstudyError):
    """What was read, copied or kept is not all that it has to be. Nothing is left of the attempt."""


def not_empty(where: str, what: str) -> ConfigurationError:
    """`what`: what is there already."""
    return ConfigurationError(
        f"{where} has {what} already. Only what is empty can be filled: name another, or empty this one first."
    )


def still_served(where: str, processes: int) -> ConfigurationError:
    """Servers work on it."""
    return ConfigurationError(
        f"{where} is in use by {processes} process{'es' if processes > 1 else ''} of a server."
        " Stop them first; what was killed counts as gone after a minute."
    )


def other_schema(where: str, found: int, known: int, remedy: str) -> ConfigurationError:
    """Its schema is not the one that this program works with; `remedy` helps if it is older."""
    if found > known:
        return ConfigurationError(
            f"{where} has schema {found}; this version of Understudy knows up to {known}."
            " Use the newer version that wrote it."
        )
    return ConfigurationError(
        f"{where} has schema {found}, and this version of Understudy works with {known}. Bring it up to date: {remedy}."
    )
