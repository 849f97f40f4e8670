import json

import msgspec
import pytest

from tests.engines.ovi.audio.states import VAE, VOCODER
from tests.engines.ovi.golden import GOLDEN
from understudy.engines.ovi.audio.tensors import vae_tensors, vocoder_tensors, weight_norm_spelling
from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.tensor_table import Shape, elements
from understudy.errors import EngineUnavailable

RECORDED = {
    "mmaudio_vae_16k.json": vae_tensors(REAL.audio_vae),
    "bigvgan_16k.json": vocoder_tensors(REAL.vocoder),
}


@pytest.mark.parametrize("file", RECORDED)
def test_names_shapes_and_order_are_those_of_the_published_files(file: str) -> None:
    recorded = json.loads((GOLDEN / "keys" / file).read_bytes())
    found = RECORDED[file]
    assert list(found.items()) == [(name, tuple(t["shape"])) for name, t in recorded["tensors"].items()]
    assert elements(found) == recorded["num_elements"]


def test_without_the_encoder_the_rest_is_the_same() -> None:
    whole = vae_tensors(VAE)
    kept = {name: shape for name, shape in whole.items() if not name.startswith("encoder.")}
    assert vae_tensors(VAE, encoder=False) == kept
    assert len(kept) < len(whole)


def test_attention_between_levels_is_refused() -> None:
    with pytest.raises(EngineUnavailable, match="attention_levels"):
        vae_tensors(msgspec.structs.replace(VAE, attention_levels=(1,)))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"upsample_rates": (4,)}, "upsample_kernel_size"),
        ({"resblock_kernel_sizes": (3,)}, "dilations"),
    ],
)
def test_lists_that_differ_in_length_are_refused(change: dict[str, Shape], named: str) -> None:
    with pytest.raises(EngineUnavailable, match=named):
        vocoder_tensors(msgspec.structs.replace(VOCODER, **change))


def test_both_spellings_of_weight_norm_are_one() -> None:
    assert weight_norm_spelling("ups.0.0.parametrizations.weight.original0") == "ups.0.0.weight_g"
    assert weight_norm_spelling("ups.0.0.parametrizations.weight.original1") == "ups.0.0.weight_v"
    assert weight_norm_spelling("ups.0.0.weight_v") == "ups.0.0.weight_v"
