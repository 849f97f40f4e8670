"""The command line. Only `main` is imported before it is known what is asked for; each command imports what it needs."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Entry point of `understudy`: runs one command and exits with one of `cli.exits`.

    What goes wrong becomes one sentence on stderr; with `UNDERSTUDY_DEBUG=1` the traceback follows.
    """
    import logging

    from understudy.cli.app import app
    from understudy.cli.exits import exit_code, sentence

    # A command says what matters by itself; only `serve` sets up a log.
    logging.getLogger("understudy").addHandler(logging.NullHandler())
    try:
        app(args=arguments, prog_name="understudy")
    except Exception as error:  # noqa: BLE001 - the outermost frame: nothing else would tell the user
        if os.environ.get("UNDERSTUDY_DEBUG"):
            import traceback

            traceback.print_exception(error)
        sys.stderr.write(f"understudy: {sentence(error)}\n")
        sys.exit(exit_code(error))
    sys.exit(0)
