"""Runs that are shared among threads, each with a model of its own: every way to share ends where one alone does."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from tests.engines.ovi.distance import rel
from tests.engines.ovi.parallel import loads
from understudy.engines.ovi.denoise import Latents
from understudy.engines.ovi.denoiser import DenoiseRequest
from understudy.engines.ovi.parallel.arrangement import Arrangement
from understudy.engines.ovi.parallel.member import Member
from understudy.errors import EngineInputError


def quiet(step: int, total: int) -> None:
    pass


def shared(arrangement: Arrangement, heads: int, request: DenoiseRequest, folder: Path) -> list[Latents]:
    """The latents of every member."""

    def one(rank: int) -> Latents:
        solo = loads.small_solo(torch.device("cpu"), {"heads": heads})
        return Member(solo, arrangement, rank, folder)(request, quiet)

    with ThreadPoolExecutor(arrangement.processes) as threads:
        return list(threads.map(one, range(arrangement.processes)))


@pytest.mark.parametrize("clean_first", [False, True])
@pytest.mark.parametrize(
    ("passes", "heads", "of"), [(1, 2, 4), (2, 2, 4), (1, 3, 3), (2, 3, 6), (1, 4, 8), (2, 4, 8), (1, 8, 8)]
)
def test_it_ends_where_one_alone_does(
    passes: int, heads: int, of: int, clean_first: bool, tmp_path: Path
) -> None:
    """36 tokens of picture and 11 of sound: hardly ever as many for each."""
    request = loads.small_request(clean_first=clean_first)
    alone = loads.small_solo(torch.device("cpu"), {"heads": of})(request, quiet)
    members = shared(Arrangement(passes, heads), of, request, tmp_path)
    for ours in members:
        assert rel(ours.video, alone.video) < 1e-6
        assert rel(ours.audio, alone.audio) < 1e-6
        # What differs in one bit goes its own way.
        assert torch.equal(ours.video, members[0].video)
        assert torch.equal(ours.audio, members[0].audio)


def test_nothing_is_shared_by_fewer_tokens_than_processes(tmp_path: Path) -> None:
    request = loads.small_request(clean_first=False)
    request = request._replace(audio_noise=request.audio_noise[:3])
    with pytest.raises(EngineInputError, match="3 tokens are too few for 4"):
        shared(Arrangement(1, 4), 4, request, tmp_path)
