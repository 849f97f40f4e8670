"""A text encoder and a tokenizer small enough for a test, with weights drawn at random."""

from pathlib import Path

import torch
from torch import Tensor

from understudy.engines.ovi.config import TextConfig
from understudy.engines.ovi.text.encoder import TextEncoder, load_text_encoder
from understudy.engines.ovi.text.names import text_tensors
from understudy.engines.ovi.text.tiny import write_tiny_tokenizer
from understudy.engines.ovi.text.tokenizer import Tokenizer, load_tokenizer

CPU = torch.device("cpu")
CONFIG = TextConfig(vocab_size=80, d_model=16, d_ff=24, d_kv=4, num_heads=2, num_layers=2)
TEXT_LEN = 12
TEXTS = (
    "A dog runs along the beach.",
    "The dog barks, and the sea is loud.",
    "jitter, bad hands, blur, distortion",
)


def random_state(config: TextConfig = CONFIG) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(3)
    return {name: torch.randn(shape, generator=generator) for name, shape in text_tensors(config).items()}


def random_encoder() -> TextEncoder:
    return load_text_encoder(random_state(), CONFIG, device=CPU, dtype=torch.float32)


def tiny_tokenizer(folder: Path) -> Tokenizer:
    write_tiny_tokenizer(folder, vocab_size=CONFIG.vocab_size, texts=TEXTS)
    return load_tokenizer(folder, text_len=TEXT_LEN)
