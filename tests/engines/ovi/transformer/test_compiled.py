from typing import NamedTuple

import pytest
import torch

from tests.engines.ovi.distance import rel
from tests.engines.ovi.transformer import small
from understudy.engines.ovi.guidance import Network, together
from understudy.engines.ovi.transformer.compiled import compile_blocks, with_room
from understudy.engines.ovi.transformer.fusion import Fusion, Velocity
from understudy.errors import EngineUnavailable

CONFIG = small.config(blocks=4)
STATE = small.random_state(CONFIG)


def step(
    model: Fusion, network: Network, *, words: int = 9, width: int = 8, clean_first: bool = False
) -> Velocity:
    given = small.inputs(CONFIG, words=(words, 5, 3))
    geometry = model.geometry((3, 6, width), 11, clean_first=clean_first)
    [moment] = model.moments([850], clean_first=clean_first)
    passes = [
        model.read(given.prompt, given.prompt),
        model.read(given.video_negative, given.audio_negative, skip=2),
    ]
    video = torch.cat([given.video, given.video], -1)[..., :width]
    return network(video, given.audio, moment, geometry, passes)[1]


class Counted:
    """A backend that runs what it is given as it is, and counts how often it is asked."""

    def __init__(self) -> None:
        self.graphs = 0

    def __call__(self, graph, example_inputs):
        self.graphs += 1
        return graph.forward


class Compiled(NamedTuple):
    """A model before and after."""

    plain: Fusion
    model: Fusion
    network: Network
    counted: Counted


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    torch._dynamo.reset()
    counted = Counted()
    model = small.model_of(CONFIG, STATE)
    compile_blocks(model, backend=counted)
    return Compiled(small.model_of(CONFIG, STATE), model, with_room(together(model)), counted)


def test_blocks_share_what_is_compiled(compiled: Compiled) -> None:
    """Those of one model, and those of two: a second one with more blocks compiles nothing. Slow, as tracing is."""
    step(compiled.model, compiled.network)
    first = compiled.counted.graphs
    assert first > 0
    config = small.config(blocks=7)
    deeper = small.model_of(config, small.random_state(config))
    compile_blocks(deeper, backend=compiled.counted)
    step(deeper, with_room(together(deeper)))
    assert compiled.counted.graphs == first


def test_new_prompts_and_new_sizes_compile_nothing(compiled: Compiled) -> None:
    plain, model, network, counted = compiled
    wanted = step(plain, together(plain))
    found = step(model, network)
    assert torch.equal(found.video, wanted.video)
    assert torch.equal(found.audio, wanted.audio)
    step(model, network, clean_first=True)
    first = counted.graphs
    step(model, network, words=40)
    assert counted.graphs == first
    for width in (10, 12, 14, 16, 6):
        step(model, network, width=width)
        step(model, network, width=width, clean_first=True)
    assert counted.graphs == first


@pytest.mark.parametrize(
    ("reason", "told"),
    [(RuntimeError("no gcc"), EngineUnavailable), (torch.OutOfMemoryError("full"), torch.OutOfMemoryError)],
)
def test_a_machine_that_cannot_compile_says_so(reason: Exception, told: type[Exception]) -> None:
    def failing(graph, example_inputs):
        raise reason

    model = small.model_of(CONFIG, STATE)
    compile_blocks(model, backend=failing)
    with pytest.raises(told, match=r"compile = false|full"):
        step(model, with_room(together(model)))


@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of its own
def test_inductors_code_gives_the_same() -> None:
    """Slow, because a C++ compiler runs."""
    torch._dynamo.reset()
    config = small.config(blocks=1)
    model = small.model_of(config, small.random_state(config))
    wanted = step(model, together(model), clean_first=True)
    compile_blocks(model)
    found = step(model, with_room(together(model)), clean_first=True)
    assert rel(found.video, wanted.video) < 2e-6
    assert rel(found.audio, wanted.audio) < 2e-6
