import json
from math import prod

import torch

from tests.engines.ovi.golden import GOLDEN
from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.transformer.loading import build_fusion, fusion_places
from understudy.engines.ovi.transformer.names import fusion_tensors

KEYS = json.loads((GOLDEN / "keys" / "fusion.json").read_text())


def test_names_shapes_and_order_are_those_of_the_published_checkpoint() -> None:
    ours = fusion_tensors(REAL.fusion)
    assert list(ours) == list(KEYS["tensors"])
    assert ours == {name: tuple(entry["shape"]) for name, entry in KEYS["tensors"].items()}
    assert sum(map(prod, ours.values())) == KEYS["num_elements"] == 11_660_753_108


def test_every_stored_tensor_has_a_place_of_its_own_and_every_place_is_filled() -> None:
    places, shapes = fusion_places(REAL.fusion), fusion_tensors(REAL.fusion)
    assert set(places) == set(KEYS["tensors"])
    assert len(set(places.values())) == len(places)
    model = build_fusion(REAL.fusion, device="meta", dtype=torch.bfloat16)
    parameters = dict(model.named_parameters())
    filled = dict.fromkeys(parameters, 0)
    for name, place in places.items():
        filled[place.parameter] += prod(shapes[name])
    assert filled == {name: parameter.numel() for name, parameter in parameters.items()}
