"""The command line: `python -m understudy.engines.ovi.verify DIR`."""

import argparse
import os
import re
import sys
from pathlib import Path
from time import perf_counter
from typing import Final

OK: Final = 0
BEYOND: Final = 1
"""A case is outside its tolerance, or failed."""
NOTHING: Final = 2
"""Nothing could be verified: the folder, the options or the installation are wrong."""


def main(arguments: list[str] | None = None) -> int:
    """Verify a folder, print a report, and return an exit code."""
    asked = _parser().parse_args(arguments)
    folder: Path = asked.folder
    start = perf_counter()
    if reason := _unusable(folder):
        return _refuse(reason)
    try:
        # Imported here: the help should not wait for torch, which may not even be installed.
        import torch

        from understudy.engines.ovi.verify.case import Outcome, Where
        from understudy.engines.ovi.verify.conditions import comparable
        from understudy.engines.ovi.verify.run import SECTIONS, verify
    except ImportError as error:
        return _refuse(f"The Ovi engine is not installed ({error}): pip install 'understudy[ovi]'.")
    if asked.device != "cpu" and not torch.cuda.is_available():
        return _refuse("There is no CUDA device here; leave --device out to verify on the CPU.")
    where = Where(torch.device(asked.device), getattr(torch, asked.dtype))
    outcomes: list[Outcome] = []
    with comparable():
        for outcome in verify(folder, where, debug=asked.debug):
            outcomes.append(outcome)
            if asked.json:
                _print_json(outcome)
    seconds = perf_counter() - start
    if not outcomes:
        return _refuse(
            f"There is nothing to verify in {folder} with {asked.dtype}: it should hold folders named "
            f"{', '.join(dict.fromkeys(section.folder for section in SECTIONS))}, or some of them."
        )
    if not asked.json:
        from rich.console import Console

        from understudy.engines.ovi.verify.report import WIDTH, print_report

        width = min(WIDTH, os.get_terminal_size().columns) if sys.stdout.isatty() else WIDTH
        print_report(outcomes, seconds, Console(width=width))
    verdicts = {outcome.verdict for outcome in outcomes}
    if verdicts & {"beyond", "failed"}:
        return BEYOND
    return OK if "ok" in verdicts else _refuse("Nothing could be judged: every case was skipped.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m understudy.engines.ovi.verify",
        description="Compares what this engine computes with recordings of the reference. Exit codes: 0 all within"
        " their tolerances, 1 some beyond or failed, 2 nothing could be verified.",
    )
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="folder of recordings: fusion/, denoise/, sampler/, ..."
    )
    parser.add_argument(
        "--dtype", choices=("float32", "bfloat16"), default="float32", help="bfloat16: transformer only"
    )
    parser.add_argument("--device", type=_device, default="cpu", help="cpu (default), cuda, cuda:1, ...")
    parser.add_argument(
        "--json",
        action="store_true",
        help="one JSON object for each case instead of a table; an error that is no finite number is null",
    )
    parser.add_argument("--debug", action="store_true", help="show where errors came up")
    return parser


def _device(name: str) -> str:
    if not re.fullmatch(r"cpu|cuda(:\d+)?", name):
        raise argparse.ArgumentTypeError("it is cpu, cuda, or cuda: and a number")
    return name


def _unusable(folder: Path) -> str:
    """Why a folder cannot be verified; nothing if it can."""
    try:
        if not folder.exists():
            return f"There is no folder {folder}."
        if not folder.is_dir():
            return f"{folder} is not a folder; name the one that holds fusion/, denoise/ and so on."
        next(folder.iterdir(), None)
    except OSError as error:
        return f"The folder {folder} cannot be read: {error.strerror}."
    return ""


def _print_json(outcome: object) -> None:
    import msgspec

    sys.stdout.write(msgspec.json.encode(outcome).decode() + "\n")
    sys.stdout.flush()


def _refuse(reason: str) -> int:
    sys.stderr.write(reason + "\n")
    return NOTHING


if __name__ == "__main__":
    sys.exit(main())
