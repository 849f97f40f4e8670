"""The text encoder's tensors: their names and shapes in Wan's checkpoint, and their names in transformers."""

from typing import Final

from understudy.engines.ovi.config import TextConfig
from understudy.engines.ovi.tensor_table import Shape

_BLOCK: Final = {
    "norm1": "layer.0.layer_norm",
    "attn.q": "layer.0.SelfAttention.q",
    "attn.k": "layer.0.SelfAttention.k",
    "attn.v": "layer.0.SelfAttention.v",
    "attn.o": "layer.0.SelfAttention.o",
    "norm2": "layer.1.layer_norm",
    "ffn.gate.0": "layer.1.DenseReluDense.wi_0",
    "ffn.fc1": "layer.1.DenseReluDense.wi_1",
    "ffn.fc2": "layer.1.DenseReluDense.wo",
    "pos_embedding.embedding": "layer.0.SelfAttention.relative_attention_bias",
}
"""Wan's name of each part of a block, and transformers' name."""


def transformers_names(config: TextConfig) -> dict[str, str]:
    """The name in `UMT5EncoderModel` of every tensor of the checkpoint, in the checkpoint's order."""
    names = {"token_embedding.weight": "shared.weight"}
    for block in range(config.num_layers):
        for ours, theirs in _BLOCK.items():
            names[f"blocks.{block}.{ours}.weight"] = f"encoder.block.{block}.{theirs}.weight"
    return names | {"norm.weight": "encoder.final_layer_norm.weight"}


def text_tensors(config: TextConfig) -> dict[str, Shape]:
    """The shape of every tensor of the checkpoint, in its order. A matrix is [out, in]."""
    d_model, d_ff = config.d_model, config.d_ff
    d_heads = config.num_heads * config.d_kv
    parts: dict[str, Shape] = {
        "norm1": (d_model,),
        "attn.q": (d_heads, d_model),
        "attn.k": (d_heads, d_model),
        "attn.v": (d_heads, d_model),
        "attn.o": (d_model, d_heads),
        "norm2": (d_model,),
        "ffn.gate.0": (d_ff, d_model),
        "ffn.fc1": (d_ff, d_model),
        "ffn.fc2": (d_model, d_ff),
        "pos_embedding.embedding": (config.relative_attention_num_buckets, config.num_heads),
    }
    shapes: dict[str, Shape] = {"token_embedding.weight": (config.vocab_size, d_model)}
    for block in range(config.num_layers):
        for part, shape in parts.items():
            shapes[f"blocks.{block}.{part}.weight"] = shape
    return shapes | {"norm.weight": (d_model,)}
