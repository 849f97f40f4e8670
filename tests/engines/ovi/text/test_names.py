import json

from tests.engines.ovi.golden import GOLDEN
from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.text.names import text_tensors, transformers_names


def test_names_and_order_are_the_real_checkpoints() -> None:
    recorded = json.loads((GOLDEN / "keys/umt5_to_transformers.json").read_text())
    assert list(transformers_names(REAL.text).items()) == list(recorded.items())


def test_shapes_are_the_real_checkpoints() -> None:
    recorded = json.loads((GOLDEN / "keys/umt5_xxl.json").read_text())["tensors"]
    assert text_tensors(REAL.text) == {name: tuple(row["shape"]) for name, row in recorded.items()}
