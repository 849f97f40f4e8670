"""Tokens for heads and back: nothing is lost, whatever the numbers are."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.engines.ovi.parallel.loads import small_model
from tests.engines.ovi.parallel.rooms import everyone
from understudy.engines.ovi.parallel.group import Group
from understudy.engines.ovi.parallel.heads import HeadExchange, cut, sharing, token_counts
from understudy.engines.ovi.transformer.exchange import Whole
from understudy.errors import EngineInputError, EngineUnavailable


def numbers(*shape: int, start: int = 0) -> Tensor:
    return torch.arange(start, start + torch.Size(shape).numel(), dtype=torch.float32).view(shape)


def test_parts_are_nearly_equal() -> None:
    assert cut(15004, 3) == [5001, 5001, 5002]
    assert cut(157, 2) == [78, 79]


@pytest.mark.parametrize(
    ("size", "heads", "tokens"), [(2, 4, 23), (3, 3, 23), (4, 8, 23), (3, 3, 10), (2, 4, 9)]
)
def test_each_sees_all_tokens_of_its_heads(size: int, heads: int, tokens: int, tmp_path: Path) -> None:
    """Two passes, picture looking at sound with 9 tokens; some processes may have as many of one as of the other."""
    q, k, v = (
        numbers(2, tokens, heads, 4),
        numbers(2, 9, heads, 4, start=5000),
        numbers(2, 9, heads, 4, start=9000),
    )

    def act(group: Group) -> tuple[tuple[Tensor, ...], Tensor, Tensor]:
        exchange = HeadExchange(group, heads, (tokens, 9))
        ours = [exchange.share(each, 1) for each in (q, k, v)]
        mine = exchange.to_heads(*ours, (tokens, 9))
        back = exchange.to_tokens(mine[0])
        assert torch.equal(back, ours[0])
        return mine, back, exchange.collect(back, 1, tokens)

    for rank, (mine, _, whole) in enumerate(everyone(size, tmp_path, act)):
        of_rank = slice(rank * heads // size, (rank + 1) * heads // size)
        assert all(torch.equal(x, y[:, :, of_rank]) for x, y in zip(mine, (q, k, v), strict=True))
        assert torch.equal(whole, q)


def test_bfloat16_travels_too(tmp_path: Path) -> None:
    x = numbers(1, 5, 2, 4).bfloat16()

    def act(group: Group) -> Tensor:
        exchange = HeadExchange(group, 2, (5, 5))
        ours = exchange.share(x, 1)
        q, _, _ = exchange.to_heads(ours, ours, ours, (5, 5))
        return exchange.collect(exchange.to_tokens(q), 1, 5)

    assert all(torch.equal(each, x) for each in everyone(2, tmp_path, act))


def test_what_cannot_be_shared_is_refused_by_every_process(tmp_path: Path) -> None:
    def act(group: Group) -> None:
        with pytest.raises(EngineUnavailable, match=r"use 1, 2, 4 "):
            HeadExchange(group, 4, (23, 9))
        with pytest.raises(EngineInputError, match="2 tokens are too few for 3"):
            HeadExchange(group, 3, (23, 2))

    everyone(3, tmp_path, act)


def test_the_model_is_as_it_was_afterwards(tmp_path: Path) -> None:
    model = small_model(heads=2)
    whole = model.exchange
    assert isinstance(whole, Whole)
    counts = token_counts(model, torch.Size((6, 3, 6, 8)), torch.Size((11, 5)))
    assert counts == (36, 11)

    def act(group: Group) -> None:
        with sharing(model, HeadExchange(group, 2, counts)):
            assert model.blocks[1].audio.exchange is model.exchange is not whole
        assert model.exchange is whole
        assert model.blocks[1].audio.exchange is whole

    everyone(1, tmp_path, act)
