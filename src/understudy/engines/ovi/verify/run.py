"""Every case of a folder, one after the other; what one raises does not touch the others."""

import sys
import traceback
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

import torch

from understudy.engines.ovi.verify import audio, denoise, fusion, keys, preprocess, sampler, text, video
from understudy.engines.ovi.verify.case import Case, Measure, NotJudged, Outcome, Where
from understudy.errors import UnderstudyError


class Section(NamedTuple):
    """Recordings of one kind."""

    folder: str
    lists: str
    """Pattern of the files that lead to cases."""
    cases: Callable[[Path, Where], Iterator[Case]]
    """Called with each such file. Raises if that cannot be read."""
    half: bool = False
    """Whether there are tolerances for bfloat16."""


SECTIONS: Final = (
    Section("fusion", "cases.json", fusion.cases, half=True),
    Section("denoise", "denoise.json", denoise.cases, half=True),
    Section("sampler", "schedules.json", sampler.schedules),
    Section("sampler", "trajectories.json", sampler.trajectories),
    Section("audio_vae", "io*.safetensors", audio.recorded),
    Section("audio_vae", "real_config.json", audio.real_config),
    Section("wan_vae", "io*.safetensors", video.recorded),
    Section("umt5", "io*.safetensors", text.recorded),
    Section("preprocess", "sizes.json", preprocess.sizes),
    Section("preprocess", "variants.json", preprocess.variants),
    Section("preprocess", "prompt_format.json", preprocess.prompts),
    Section("preprocess", "text_clean.json", preprocess.cleaning),
    Section("preprocess", "image_resize.json", preprocess.images),
    Section("keys", "*.json", keys.cases),
)


def verify(folder: Path, where: Where, *, debug: bool = False) -> Iterator[Outcome]:
    """The outcome of each case, as soon as there is one. `debug` prints where an error came up to stderr.

    Parts of the folder may be missing. A list that cannot be read is a failed case of its own.
    """
    sections = [section for section in SECTIONS if section.half or where.dtype == torch.float32]
    for name, group in groupby(sections, key=attrgetter("folder")):
        kinds = list(group)
        lists = [(section, path) for section in kinds for path in sorted((folder / name).glob(section.lists))]
        for section, path in lists:
            yield from _outcomes(section, path, where, debug=debug)
        if not lists and (folder / name).is_dir():
            wanted = " or ".join(section.lists for section in kinds)
            yield Outcome(case=name, verdict="skipped", message=f"There is no {wanted} in it.")


def _outcomes(section: Section, path: Path, where: Where, *, debug: bool) -> Iterator[Outcome]:
    try:
        for case in section.cases(path, where):
            yield _outcome(case, debug=debug)
    except Exception as error:  # noqa: BLE001  # whatever is wrong with one list, the others are judged
        yield _raised(f"{section.folder}/{path.name}", error, (), debug=debug)


def _outcome(case: Case, *, debug: bool) -> Outcome:
    measures: list[Measure] = []
    start = perf_counter()
    try:
        with torch.inference_mode():
            measures.extend(case.run())
    except Exception as error:  # noqa: BLE001  # an error is this case's failure, and no other's
        return _raised(case.name, error, tuple(measures), debug=debug)
    seconds = perf_counter() - start
    if all(measure.of == 0 for measure in measures):
        return Outcome(case=case.name, verdict="skipped", message="Nothing was recorded to compare with.")
    return Outcome(
        case=case.name,
        verdict="ok" if all(measure.ok for measure in measures) else "beyond",
        measures=tuple(measures),
        seconds=seconds,
    )


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
