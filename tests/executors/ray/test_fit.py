"""Where replicas find room. No cluster."""

import pytest

from understudy.executors.ray.demand import Demand
from understudy.executors.ray.fit import Bundle, Node, bundle_of, described, most_at_once


def node(id: str, cpus: float = 8, gpus: float = 0, memory_gb: float = 100, card_gb: float = 0) -> Node:
    return Node(id=id, name=id, cpus=cpus, gpus=gpus, memory_gb=memory_gb, card_gb=card_gb)


CPU = node("cpu")
SMALL = node("small", gpus=2, card_gb=24)
BIG = node("big", gpus=4, card_gb=80)
UNKNOWN = node("unknown", gpus=8)
ALL = (CPU, SMALL, BIG, UNKNOWN)


@pytest.mark.parametrize(
    ("demand", "bundle", "most"),
    [
        (Demand(), Bundle(cpus=1, gpus=0, memory_gb=0), 32),
        (Demand(cpus=0.5), Bundle(cpus=0.5, gpus=0, memory_gb=0), 64),
        (Demand(memory_gb=60), Bundle(cpus=1, gpus=0, memory_gb=60), 4),
        (Demand(gpus=1), Bundle(cpus=1, gpus=1, memory_gb=0), 14),
        (Demand(gpus=3), Bundle(cpus=1, gpus=3, memory_gb=0), 3),
        (Demand(cpus=0.1, gpus=0.5), Bundle(cpus=0.1, gpus=0.5, memory_gb=0), 28),
        (Demand(cpus=0.1, gpus=0.3), Bundle(cpus=0.1, gpus=0.3, memory_gb=0), 42),
        (Demand(gpus=9), None, 0),
        (Demand(cpus=9), None, 0),
        (Demand(gpu_memory_gb=81), None, 0),
    ],
)
def test_what_is_asked_for_and_how_many_find_room(demand: Demand, bundle: Bundle | None, most: int) -> None:
    assert bundle_of(demand, ALL) == bundle
    assert most_at_once(demand, ALL) == most


def test_a_share_by_memory_is_that_of_the_smallest_card_that_will_do() -> None:
    demand = Demand(cpus=0.1, gpu_memory_gb=10)
    assert bundle_of(demand, ALL) == Bundle(cpus=0.1, gpus=0.4167, memory_gb=0, nodes=("big", "small"))
    assert most_at_once(demand, ALL) == 2 * (2 + 4)
    demand = Demand(cpus=0.1, gpu_memory_gb=30)
    assert bundle_of(demand, ALL) == Bundle(cpus=0.1, gpus=0.375, memory_gb=0, nodes=("big",))
    assert bundle_of(Demand(gpu_memory_gb=80), ALL) == Bundle(cpus=1, gpus=1, memory_gb=0, nodes=("big",))


@pytest.mark.parametrize("wanted", [(10, 30), (24, 5), (1, 79), (3, 7, 11, 13), (24,), (80,)])
def test_declared_memories_never_come_to_more_than_a_card_has(wanted: tuple[float, ...]) -> None:
    bundles = [(gb, bundle_of(Demand(gpu_memory_gb=gb), ALL)) for gb in wanted]
    for card in (SMALL, BIG):
        fitting = [(gb, found.gpus) for gb, found in bundles if found is not None and card.id in found.nodes]
        for gb, share in fitting:
            assert gb <= share * card.card_gb + 1e-9
            assert all(other <= card.card_gb for other, _ in fitting)


def test_no_nodes() -> None:
    assert bundle_of(Demand(), ()) is None
    assert most_at_once(Demand(), ()) == 0


def test_words() -> None:
    assert described(Demand(cpus=2, gpus=1, memory_gb=1.5)) == "1 GPU, 2 CPUs, 1.5 GB of memory"
    assert described(Demand(cpus=0.5, gpu_memory_gb=10)) == "a GPU with 10 GB, 0.5 CPU"
