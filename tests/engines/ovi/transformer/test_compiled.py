import pytest
import torch

from tests.engines.ovi.transformer import small
from understudy.engines.ovi.guidance import Network, together
from understudy.engines.ovi.transformer.compiled import compile_blocks, with_room
from understudy.engines.ovi.transformer.fusion import Fusion, Velocity

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


def graphs_of(blocks: int) -> int:
    torch._dynamo.reset()
    counted = Counted()
    config = small.config(blocks=blocks)
    model = small.model_of(config, small.random_state(config))
    compile_blocks(model, backend=counted)
    step(model, with_room(together(model)))
    return counted.graphs


def test_blocks_share_what_is_compiled() -> None:
    assert 0 < graphs_of(4) == graphs_of(7)


def test_a_new_prompt_compiles_nothing_and_new_sizes_once_more() -> None:
    torch._dynamo.reset()
    counted = Counted()
    model = small.model_of(CONFIG, STATE)
    wanted = step(model, together(model))
    compile_blocks(model, backend=counted)
    network = with_room(together(model))
    found = step(model, network)
    assert torch.equal(found.video, wanted.video)
    assert torch.equal(found.audio, wanted.audio)
    first = counted.graphs
    step(model, network, words=40)
    assert counted.graphs == first
    for width in (10, 12):
        step(model, network, width=width)
    many = counted.graphs
    for width in (14, 16, 6):
        step(model, network, width=width)
    assert counted.graphs == many


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
    assert small.rel(found.video, wanted.video) < 2e-6
    assert small.rel(found.audio, wanted.audio) < 2e-6
