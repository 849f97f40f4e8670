import json

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import UMT5Config, UMT5EncoderModel

from tests.engines.ovi.golden import WHOLE, needs_whole
from tests.engines.ovi.text.tiny_text import CONFIG, CPU, random_encoder, random_state
from understudy.engines.ovi.config import TextConfig
from understudy.engines.ovi.text.encoder import load_text_encoder
from understudy.engines.ovi.text.names import transformers_names
from understudy.errors import EngineUnavailable

IDS = [17, 4, 79, 23, 5, 1]
META = torch.device("meta")


@needs_whole
@pytest.mark.parametrize(("dtype", "rel"), [(torch.float32, 1e-5), (torch.bfloat16, 0.03)])
def test_agrees_with_the_recorded_encoder(dtype: torch.dtype, rel: float) -> None:
    assert WHOLE is not None
    folder = WHOLE / "umt5"
    settings = json.loads((folder / "config.json").read_text())
    config = TextConfig(**{name: settings[name] for name in TextConfig.__struct_fields__})
    encoder = load_text_encoder(load_file(folder / "model.safetensors"), config, device=CPU, dtype=dtype)
    recorded = load_file(folder / "io.safetensors")
    for row, (ids, mask) in enumerate(zip(recorded["ids"], recorded["mask"], strict=True)):
        expected = recorded[f"embedding{row}"]
        embedding = encoder.encode(ids[mask.bool()].tolist())
        assert embedding.dtype == dtype
        difference = embedding.float() - expected
        assert difference.norm() <= rel * expected.norm()
        if dtype == torch.float32:
            assert difference.abs().max() <= 1e-4


def test_real_tokens_alone_give_what_padding_and_a_mask_give() -> None:
    names = transformers_names(CONFIG)
    whole = UMT5EncoderModel(
        UMT5Config(
            feed_forward_proj="gated-gelu",
            **{name: getattr(CONFIG, name) for name in CONFIG.__struct_fields__},
        )
    ).eval()
    state = {names[name]: tensor for name, tensor in random_state().items()}
    whole.load_state_dict(state | {"encoder.embed_tokens.weight": state["shared.weight"]})
    ids = torch.zeros(1, 20, dtype=torch.long)
    ids[0, : len(IDS)] = torch.tensor(IDS)
    mask = torch.zeros_like(ids)
    mask[0, : len(IDS)] = 1
    with torch.no_grad():
        padded = whole(input_ids=ids, attention_mask=mask).last_hidden_state[0, : len(IDS)]
    torch.testing.assert_close(random_encoder().encode(IDS), padded, atol=1e-5, rtol=0)


def test_uses_the_tensors_it_is_given() -> None:
    state = random_state()
    before = random_encoder().encode(IDS)
    encoder = load_text_encoder(state, CONFIG, device=CPU, dtype=torch.float32)
    state["norm.weight"].mul_(2)
    torch.testing.assert_close(encoder.encode(IDS), 2 * before)
    assert encoder.nbytes == sum(tensor.nbytes for tensor in state.values())


def test_goes_to_another_device_and_comes_back() -> None:
    encoder = random_encoder()
    before = encoder.encode(IDS)
    encoder.to(META)
    assert encoder.device == META
    assert encoder.encode(IDS).is_meta
    encoder.offload()
    assert encoder.device == CPU
    assert torch.equal(encoder.encode(IDS), before)


def test_leaves_no_trace_for_gradients() -> None:
    assert not random_encoder().encode(IDS).requires_grad


def test_missing_tensors_are_named() -> None:
    state = random_state()
    for part in "qkvo":
        del state[f"blocks.1.attn.{part}.weight"]
    with pytest.raises(
        EngineUnavailable,
        match=r"text encoder .*4 tensors missing: blocks\.1\.attn\.q\.weight, .* and 1 more\.",
    ):
        load_text_encoder(state, CONFIG, device=CPU, dtype=torch.float32)


def test_tensors_of_another_shape_are_named() -> None:
    state = random_state() | {"norm.weight": torch.ones(8)}
    with pytest.raises(EngineUnavailable, match=r"norm\.weight is 8, not 16"):
        load_text_encoder(state, CONFIG, device=CPU, dtype=torch.float32)


def test_tensors_of_a_deeper_model_are_named() -> None:
    state: dict[str, Tensor] = random_state() | {"blocks.2.norm1.weight": torch.ones(16)}
    with pytest.raises(EngineUnavailable, match=r"1 tensor unexpected: blocks\.2\.norm1\.weight\."):
        load_text_encoder(state, CONFIG, device=CPU, dtype=torch.float32)


def test_ids_of_another_tokenizer_are_refused() -> None:
    with pytest.raises(EngineUnavailable, match="knows more tokens than the text encoder's 80"):
        random_encoder().encode([CONFIG.vocab_size, 1])
