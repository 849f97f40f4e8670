"""The rules for names, against the recorded tables of the real checkpoint."""

import json

from tests.engines.ovi.golden import GOLDEN
from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.video_vae.names import diffusers_names, video_vae_tensors

KEYS = GOLDEN / "keys"


def test_the_rules_give_the_names_and_shapes_of_the_real_checkpoint() -> None:
    recorded = json.loads((KEYS / "wan22_vae.json").read_text())["tensors"]
    shapes = {name: tuple(tensor["shape"]) for name, tensor in recorded.items()}
    assert video_vae_tensors(REAL.video_vae) == shapes


def test_the_rules_give_the_names_in_diffusers() -> None:
    recorded = json.loads((KEYS / "wan22_vae_to_diffusers.json").read_text())
    assert diffusers_names(REAL.video_vae) == recorded
