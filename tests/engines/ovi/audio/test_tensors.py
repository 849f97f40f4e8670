import json
import subprocess
import sys

import msgspec
import pytest

from tests.engines.ovi.audio.states import VAE, VOCODER
from tests.engines.ovi.golden import GOLDEN
from understudy.engines.ovi.audio.tensors import Shape, check_tensors, elements, vae_tensors, vocoder_tensors
from understudy.engines.ovi.config import REAL
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


def test_what_does_not_fit_is_named() -> None:
    needed: dict[str, Shape] = dict.fromkeys("abcdef", (2,))
    found: dict[str, Shape] = {"e": (2,), "f": (3, 1), "x": (1,)}
    with pytest.raises(EngineUnavailable) as refusal:
        check_tensors("the thing", found, needed)
    assert "the thing do not fit: missing a, b, c and 1 more; unexpected x; " in refusal.value.message
    assert "of another shape f [3, 1] instead of [2]" in refusal.value.message


def test_what_is_known_may_be_there_or_not() -> None:
    check_tensors("the thing", {"a": (1,)}, {"a": (1,)}, known={"a": (1,), "b": (2,)})
    check_tensors("the thing", {"a": (1,), "b": (2,)}, {"a": (1,)}, known={"a": (1,), "b": (2,)})


def test_names_cost_no_torch() -> None:
    code = "import sys, understudy.engines.ovi.audio.tensors; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
