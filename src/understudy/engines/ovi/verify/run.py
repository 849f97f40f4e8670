"""Every case of a folder, one after the other; what one raises does not touch the others."""

import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Final

import torch

from understudy.engines.ovi.verify import audio, denoise, fusion, keys, preprocess, sampler, text, video
from understudy.engines.ovi.verify.case import Case, Measure, NotJudged, Outcome, Where
from understudy.errors import UnderstudyError

Cases = Callable[[Path, Where], Iterator[Case]]

SECTIONS: Final[dict[str, Cases]] = {
    "fusion": fusion.cases,
    "denoise": denoise.cases,
    "sampler": sampler.cases,
    "audio_vae": audio.cases,
    "wan_vae": video.cases,
    "umt5": text.cases,
    "preprocess": preprocess.cases,
    "keys": keys.cases,
}
"""Folders, and what is in each."""
HALF: Final = ("fusion", "denoise")
"""Those that have tolerances for bfloat16."""


def verify(folder: Path, where: Where, *, debug: bool = False) -> Iterator[Outcome]:
    """The outcome of each case, as soon as there is one. `debug` prints where an error came up to stderr.

    What a section lists is read when it is its turn; a list that cannot be read is a failed case of its own.
    """
    wanted = SECTIONS if where.dtype == torch.float32 else {name: SECTIONS[name] for name in HALF}
    for name, cases in wanted.items():
        if not (folder / name).is_dir():
            continue
        try:
            for case in cases(folder / name, where):
                yield _outcome(case, debug=debug)
        except Exception as error:  # noqa: BLE001  # whatever is wrong with one section, the others are judged
            yield _raised(name, error, (), debug=debug)


def _outcome(case: Case, *, debug: bool) -> Outcome:
    measures: list[Measure] = []
    start = perf_counter()
    try:
        with torch.inference_mode():
            measures.extend(case.run())
    except Exception as error:  # noqa: BLE001  # an error is this case's failure, and no other's
        return _raised(case.name, error, tuple(measures), debug=debug)
    seconds = perf_counter() - start
    if not measures:
        return Outcome(case=case.name, verdict="skipped", message="Nothing was recorded to compare with.")
    verdict = "ok" if all(measure.ok for measure in measures) else "beyond"
    return Outcome(case=case.name, verdict=verdict, measures=tuple(measures), seconds=seconds)


def _raised(name: str, error: Exception, measures: tuple[Measure, ...], *, debug: bool) -> Outcome:
    if isinstance(error, NotJudged):
        return Outcome(case=name, verdict="skipped", measures=measures, message=error.message)
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    return Outcome(case=name, verdict="failed", measures=measures, message=_sentence(error))


def _sentence(error: Exception) -> str:
    if isinstance(error, UnderstudyError):
        return error.message
    if isinstance(error, KeyError):
        return f"The recording does not say {error}."
    return f"{type(error).__name__}: {error}"
