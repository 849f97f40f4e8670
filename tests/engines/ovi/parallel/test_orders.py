"""What goes from process to process arrives as it was."""

import pytest
import torch

from tests.engines.ovi.runs import recorded
from understudy.engines.ovi.parallel.orders import Denoise, Failed, Go, Halt, encode, read_answer, read_order
from understudy.errors import (
    EngineError,
    EngineFailed,
    EngineInputError,
    EngineOutOfMemory,
    EngineUnavailable,
)


def test_requests_arrive_bit_by_bit() -> None:
    """One text in two places, and one that is no tensor of its own."""
    request = recorded("i2v").request
    request = request._replace(audio_negative=request.positive, positive=request.positive[1:].bfloat16())
    order = read_order(encode(Denoise.of(request)))
    assert isinstance(order, Denoise)
    for found, sent in zip(order.request, request, strict=True):
        assert torch.equal(found, sent) if isinstance(sent, torch.Tensor) else found == sent


def test_answers_of_the_loop_are_told_apart() -> None:
    assert read_order(encode(Go())) == Go()
    assert read_order(encode(Halt())) == Halt()


@pytest.mark.parametrize(
    ("raised", "arrives"),
    [
        (EngineInputError("bad"), EngineInputError("bad")),
        (EngineUnavailable("none"), EngineUnavailable("none")),
        (EngineOutOfMemory("full"), EngineOutOfMemory("full")),
        (EngineFailed("broken"), EngineFailed("broken")),
        (torch.OutOfMemoryError("CUDA"), EngineOutOfMemory("One of the cards ran out of memory.")),
        (ValueError("odd"), EngineFailed("ValueError: odd")),
    ],
)
def test_errors_keep_their_kind(raised: Exception, arrives: EngineError) -> None:
    answer = read_answer(encode(Failed.of(raised)))
    assert isinstance(answer, Failed)
    assert type(answer.error) is type(arrives)
    assert answer.error.message == arrives.message
