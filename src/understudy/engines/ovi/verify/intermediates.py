"""States on the way through the transformer, as the reference shows them: one row for each token, texts padded."""

from collections.abc import Iterator

import torch
from torch import Tensor

from understudy.engines.ovi.transformer.block import TwinBlock, View
from understudy.engines.ovi.transformer.fusion import Fusion, States, Tower
from understudy.engines.ovi.transformer.text import text_rows
from understudy.engines.ovi.transformer.time import TimeRows


def intermediates(
    model: Fusion,
    video: Tensor,
    audio: Tensor,
    video_text: Tensor,
    audio_text: Tensor,
    t: float,
    clean_first: bool,
    skip: int | None,
) -> Iterator[tuple[str, Tensor]]:
    """Names and states of a pass with latents [C, F, h, w] and [L, C], texts [n, text_dim]; a batch of one.

    Embeddings come first, then both towers' tokens after each block that is not skipped.
    """
    device = model.device
    frames, height, width = video.shape[1:]
    geometry = model.geometry((frames, height, width), len(audio), clean_first=clean_first)
    [moment] = model.moments([t], clean_first=clean_first)
    entered = model.enter(video.to(device), audio.to(device))
    grid = entered.video.transpose(1, 2).unflatten(2, geometry.grid)  # [1, D, F, h/2, w/2]
    yield "video.patch_embedding", grid
    yield "audio.patch_embedding", entered.audio
    yield "video.text_embedding", _text(model.video, video_text.to(device))
    yield "audio.text_embedding", _text(model.audio, audio_text.to(device))
    tokens = (entered.video.shape[1], entered.audio.shape[1])
    for name, rows, view, count in zip(("video", "audio"), moment, geometry.views, tokens, strict=True):
        yield from _times(name, rows, view, count)
    texts = model.read(video_text, audio_text, skip=skip)
    states = entered
    for number, block in enumerate(model.blocks):
        if texts.skips(number):
            continue
        assert isinstance(block, TwinBlock)
        at = block.before_text(*states, moment.e0, geometry.views)
        states = States(*block.after_text(at, [texts.texts[number]], moment.e0, geometry.views))
        yield f"block{number}.video", states.video
        yield f"block{number}.audio", states.audio


def _text(tower: Tower, embedding: Tensor) -> Tensor:
    """[1, text_len, D]"""
    rows, _ = text_rows(embedding, tower.config.text_len)
    embedded: Tensor = tower.text(rows.to(tower.head.weight.dtype))
    padding = embedded[-1:].expand(tower.config.text_len - len(embedded) + 1, -1)
    return torch.cat([embedded[:-1], padding]).unsqueeze(0)


def _times(name: str, rows: TimeRows, view: View, count: int) -> Iterator[tuple[str, Tensor]]:
    """[1, N, D] and [1, N, 6 D]: the row of each token's time."""
    row = torch.zeros(count, dtype=torch.long, device=rows.head.device) if view.row is None else view.row
    yield f"{name}.time_embedding", rows.head[row].unsqueeze(0)
    yield f"{name}.time_projection", rows.blocks.flatten(1)[row].unsqueeze(0)
