from collections.abc import Sequence

import msgspec
import pytest

from understudy.errors import ConfigurationError
from understudy.executors.need import Need, need_of
from understudy.testing.trouble import engine as trouble

THREE = ("0", "1", "2")


def need(by_itself: float, cards: tuple[str, ...] = THREE, **options: object) -> Need | None:
    return need_of(msgspec.structs.replace(trouble, gpus=by_itself), options, lambda: cards)


def never() -> Sequence[str]:
    raise AssertionError("the machine was asked")


def test_an_engine_without_cards_needs_none_and_keeps_its_options() -> None:
    assert need_of(trouble, {"devices": "its own affair"}, never) is None
    assert need_of(msgspec.structs.replace(trouble, gpus=1), {"gpus": 0}, never) is None


def test_without_cards_the_engine_decides_itself() -> None:
    assert need(1, ()) is None
    assert need(1, (), gpus=4) is None


@pytest.mark.parametrize(
    ("gpus", "options", "cards", "share", "among", "most"),
    [
        (1, {}, 1, 1, THREE, 3),
        (1, {"gpus": 2}, 2, 1, THREE, 1),
        (1, {"gpus": 3.0}, 3, 1, THREE, 1),
        (1, {"devices": [2, 0, 2]}, 1, 1, ("2", "0"), 2),
        (0.1, {"devices": ["1"]}, 1, 0.1, ("1",), 10),
        (2, {"gpus": 0.5}, 1, 0.5, THREE, 6),
        (1.5, {}, 2, 1, THREE, 1),
        (4, {}, 4, 1, THREE, 0),
    ],
)
def test_what_a_replica_gets_and_how_many_find_room(
    gpus: float, options: dict[str, object], cards: int, share: float, among: tuple[str, ...], most: int
) -> None:
    found = need(gpus, **options)
    assert found == Need(cards=cards, share=share, among=among)
    assert found is not None
    assert found.most == most


@pytest.mark.parametrize("gpus", [-1, 1.5, "1", True, False, "", float("nan"), float("inf")])
def test_a_number_of_cards_that_is_none(gpus: object) -> None:
    with pytest.raises(ConfigurationError, match="engine trouble: the option gpus must be"):
        need(1, gpus=gpus)


@pytest.mark.parametrize("devices", [[], "0", 0, [0.5], [True], [None]])
def test_a_list_of_cards_that_is_none(devices: object) -> None:
    with pytest.raises(ConfigurationError, match="the option devices must be a list"):
        need(1, devices=devices)


def test_options_that_ask_for_more_than_there_is() -> None:
    with pytest.raises(ConfigurationError, match="is to get 4 cards, and may have 3: 0, 1, 2"):
        need(1, gpus=4)
    with pytest.raises(ConfigurationError, match="is to get 2 cards, and may have 1: 1"):
        need(2, devices=[1])
    with pytest.raises(ConfigurationError, match="devices names 7; the cards here are: 0, 1, 2"):
        need(1, devices=[0, 7])
    with pytest.raises(ConfigurationError, match="the cards here are: none"):
        need(1, (), devices=[0])
