"""A model of LTX-2's build, small enough for a test: random weights of a hundred thousand parameters, in real files.

What it makes is noise; that it is made, and how, is what it is for.
"""

from pathlib import Path
from typing import Any, Final

import torch
from diffusers import (
    AutoencoderKLLTX2Audio,
    AutoencoderKLLTX2Video,
    FlowMatchEulerDiscreteScheduler,
    LTX2Pipeline,
    LTX2VideoTransformer3DModel,
)
from diffusers.pipelines.ltx2 import LTX2TextConnectors, LTX2Vocoder
from transformers import Gemma3Config, Gemma3ForConditionalGeneration, GemmaTokenizer

_WIDTH: Final = 16
"""Of the text encoder and of the picture's half of the transformer; the sound's has half of it."""
_LAYERS: Final = 2
"""Of the text encoder."""
_VIDEO_CHANNELS: Final = 4
_AUDIO_CHANNELS: Final = 2
_MELS: Final = 16
_MEL_CELL: Final = 4
"""Bands, and moments, of the spectrogram in a cell of the latent."""
_REGISTERS: Final = 8
_SPECIAL: Final = ("<pad>", "<eos>", "<bos>", "<unk>")
_LETTERS: Final = "▁abcdefghijklmnopqrstuvwxyz"


def write_tiny(folder: Path, *, seed: int = 0) -> None:
    """Write a folder of weights in diffusers' layout, with a tokenizer that knows single letters.

    Cells of the latents, frame rate and sample rate are the real model's. The same seed gives the same values; torch's
    own generator is left as it was.
    """
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        pipeline = LTX2Pipeline(
            scheduler=_scheduler(),
            vae=_video_vae(),
            audio_vae=_audio_vae(),
            text_encoder=_text_encoder(),
            tokenizer=_tokenizer(),
            connectors=_connectors(),
            transformer=_transformer(),
            vocoder=_vocoder(),
        )
    pipeline.save_pretrained(folder)


def _scheduler() -> Any:
    return FlowMatchEulerDiscreteScheduler(
        use_dynamic_shifting=True,
        base_shift=0.95,
        max_shift=2.05,
        base_image_seq_len=1024,
        max_image_seq_len=4096,
        shift_terminal=0.1,
    )


def _video_vae() -> Any:
    return AutoencoderKLLTX2Video(
        latent_channels=_VIDEO_CHANNELS,
        block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 16, 32),
        layers_per_block=(1, 1, 1, 1, 1),
        decoder_layers_per_block=(1, 1, 1, 1),
        spatial_compression_ratio=32,
        temporal_compression_ratio=8,
    )


def _audio_vae() -> Any:
    return AutoencoderKLLTX2Audio(
        base_channels=_AUDIO_CHANNELS * _MELS // _MEL_CELL,
        latent_channels=_AUDIO_CHANNELS,
        ch_mult=(1, 1, 1),
        num_res_blocks=1,
        resolution=32,
        mel_bins=_MELS,
    )


def _vocoder() -> Any:
    return LTX2Vocoder(
        in_channels=2 * _MELS, hidden_channels=32, resnet_kernel_sizes=[3], resnet_dilations=[[1, 3, 5]]
    )


def _text_encoder() -> Any:
    text = {
        "vocab_size": 64,
        "hidden_size": _WIDTH,
        "intermediate_size": 2 * _WIDTH,
        "num_hidden_layers": _LAYERS,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
        "layer_types": ["sliding_attention", "full_attention"],
    }
    vision = {
        "hidden_size": 8,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "image_size": 16,
        "patch_size": 8,
    }
    ends = {"boi_token_index": 60, "eoi_token_index": 61, "image_token_index": 62}
    config = Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4, **ends)
    return Gemma3ForConditionalGeneration(config).eval()


def _tokenizer() -> Any:
    vocabulary = {piece: number for number, piece in enumerate((*_SPECIAL, *_LETTERS))}
    return GemmaTokenizer(vocab=vocabulary, merges=[])


def _connectors() -> Any:
    sides = {
        f"{side}_connector_{name}": value
        for side in ("video", "audio")
        for name, value in {
            "num_attention_heads": 2,
            "attention_head_dim": _WIDTH // 2,
            "num_layers": 1,
            "num_learnable_registers": _REGISTERS,
        }.items()
    }
    return LTX2TextConnectors(caption_channels=_WIDTH, text_proj_in_factor=_LAYERS + 1, **sides)


def _transformer() -> Any:
    sound = _AUDIO_CHANNELS * _MELS // _MEL_CELL
    return LTX2VideoTransformer3DModel(
        in_channels=_VIDEO_CHANNELS,
        out_channels=_VIDEO_CHANNELS,
        num_attention_heads=2,
        attention_head_dim=_WIDTH // 2,
        cross_attention_dim=_WIDTH,
        audio_in_channels=sound,
        audio_out_channels=sound,
        audio_num_attention_heads=2,
        audio_attention_head_dim=_WIDTH // 4,
        audio_cross_attention_dim=_WIDTH // 2,
        num_layers=2,
        caption_channels=_WIDTH,
    )
