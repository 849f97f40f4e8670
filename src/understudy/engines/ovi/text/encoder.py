"""UMT5's encoder, on transformers: token ids to the embedding that the transformer attends to."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from understudy.engines.ovi.config import TextConfig
from understudy.engines.ovi.tensor_table import must_match
from understudy.engines.ovi.text.names import text_tensors, transformers_names
from understudy.errors import EngineUnavailable


class TextEncoder:
    """The encoder, with its weights where they were loaded (`home`) and perhaps a copy of them on another device."""

    def __init__(self, stack: nn.Module, weights: Mapping[str, Tensor]) -> None:
        """`weights` are the stack's own, by its names; the stack may have been built without any."""
        self._stack = stack.requires_grad_(False).eval()
        self._home = dict(weights)
        self.offload()

    @property
    def device(self) -> torch.device:
        """Where it computes now."""
        return next(self._stack.parameters()).device

    @property
    def nbytes(self) -> int:
        """Size of the weights."""
        return sum(tensor.nbytes for tensor in self._home.values())

    def to(self, device: torch.device) -> None:
        """Compute on `device`, on a copy of the weights if they live elsewhere."""
        here = self.device
        # A card may be named without its number, which then is that of the card in use.
        if device.type != here.type or device.index not in (None, here.index):
            self._assign({name: tensor.to(device) for name, tensor in self._home.items()})

    def offload(self) -> None:
        """Compute where the weights live again, and drop the copy. Nothing is moved, so this takes no time."""
        self._assign(self._home)

    def encode(self, ids: Sequence[int]) -> Tensor:
        """The embedding [n, d_model] of n token ids, on `device`, of the weights' type.

        The reference pads to 512 ids, masks the padding and cuts it off again; without padding the result is the
        same, as every position attends to real ones only. Raises `EngineUnavailable` for an id beyond the
        vocabulary: on a card it would end the process.
        """
        vocab_size = self._home["embed_tokens.weight"].shape[0]
        if max(ids) >= vocab_size:
            raise EngineUnavailable(
                f"The tokenizer knows more tokens than the text encoder's {vocab_size}: google/umt5-xxl and the text "
                "encoder's weights must come from the same model."
            )
        with torch.no_grad():
            row = torch.tensor([ids], device=self.device)  # [1, n]
            embedding: Tensor = self._stack(input_ids=row).last_hidden_state[0]
            return embedding

    def _assign(self, weights: Mapping[str, Tensor]) -> None:
        self._stack.load_state_dict(weights, strict=True, assign=True)


def load_text_encoder(
    state: Mapping[str, Tensor], config: TextConfig, *, device: torch.device, dtype: torch.dtype
) -> TextEncoder:
    """The encoder from the tensors of `models_t5_umt5-xxl-enc-bf16.pth`, living on `device` as `dtype`.

    Tensors that are there already, and of that type, are used as they are, so memory never holds them twice.
    Raises `EngineUnavailable` if one is missing, too many, or of another shape.
    """
    must_match(
        "text encoder", {name: tuple(tensor.shape) for name, tensor in state.items()}, text_tensors(config)
    )
    weights = {
        _stack_name(new): state[old].to(device, dtype) for old, new in transformers_names(config).items()
    }
    return TextEncoder(_empty_stack(config), weights)


def _empty_stack(config: TextConfig) -> nn.Module:
    """The encoder without memory for weights."""
    # Imported here and not above: it takes seconds, and only a run with a new text needs it.
    from transformers import UMT5Config, UMT5EncoderModel

    settings: dict[str, Any] = {name: getattr(config, name) for name in config.__struct_fields__}
    with torch.device("meta"):
        model = UMT5EncoderModel(UMT5Config(feed_forward_proj="gated-gelu", **settings))
    # The model around it has a second name for the embedding table; the encoder alone computes the same.
    stack: nn.Module = model.encoder
    return stack


def _stack_name(name: str) -> str:
    return "embed_tokens.weight" if name == "shared.weight" else name.removeprefix("encoder.")
