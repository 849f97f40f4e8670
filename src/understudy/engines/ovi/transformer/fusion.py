"""The whole transformer: latents, a time and texts in; the velocities of both latents out."""

from collections.abc import Callable, Iterable, Sequence
from math import prod
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from understudy.engines.ovi.config import FusionConfig, TowerConfig
from understudy.engines.ovi.transformer.block import Crossing, TwinBlock, View
from understudy.engines.ovi.transformer.exchange import Exchange, Whole
from understudy.engines.ovi.transformer.layers import modulated_norm
from understudy.engines.ovi.transformer.patches import AudioPatches, VideoPatches, from_patches
from understudy.engines.ovi.transformer.rope import Rope, audio_angles, video_angles
from understudy.engines.ovi.transformer.text import TextKV, text_rows
from understudy.engines.ovi.transformer.time import TimeEmbedding, TimeRows, sinusoids


class Geometry(NamedTuple):
    """What is fixed for a run: the grid of video tokens, and both towers' positions."""

    grid: tuple[int, int, int]
    views: tuple[View, View]


class Moment(NamedTuple):
    """One step's time for both towers."""

    video: TimeRows
    audio: TimeRows

    @property
    def e0(self) -> tuple[Tensor, Tensor]:
        """The vectors that modulate the blocks."""
        return self.video.blocks, self.audio.blocks


class Pass(NamedTuple):
    """One of the runs through the network that a step needs: guidance takes two."""

    texts: Sequence[tuple[TextKV, TextKV]]
    """For each block, the video tower's text and the audio tower's."""
    skip: int | None = None
    """The block that is left out. As in the reference, block 0 cannot be."""

    def skips(self, block: int) -> bool:
        """Whether the block is left out."""
        return bool(self.skip) and self.skip == block


class States(NamedTuple):
    """Hidden states of the passes' tokens."""

    video: Tensor  # [B, N, D]
    audio: Tensor  # [B, L, D]

    def split(self, batch: int) -> "tuple[States, States]":
        """Those of the first passes, and those of the others."""
        return States(self.video[:batch], self.audio[:batch]), States(self.video[batch:], self.audio[batch:])

    def join(self, others: "States") -> "States":
        """With those of further passes behind them."""
        if len(others.video) == 0:
            return self
        return States(*(torch.cat(pair) for pair in zip(self, others, strict=True)))


class Velocity(NamedTuple):
    """What the network predicts: x0 = x - sigma * velocity."""

    video: Tensor  # [C, F, h, w]
    audio: Tensor  # [L, C]


class Tower(nn.Module):
    """One tower without its blocks: how latents, time and text come in, and how the prediction comes out."""

    def __init__(self, config: TowerConfig, patches: VideoPatches | AudioPatches) -> None:
        super().__init__()
        self.config = config
        self.patches = patches
        self.text = nn.Sequential(
            nn.Linear(config.text_dim, config.dim),
            nn.GELU(approximate="tanh"),
            nn.Linear(config.dim, config.dim),
        )
        self.time = TimeEmbedding(config)
        self.head_modulation = nn.Parameter(torch.empty(2, config.dim))
        self.head = nn.Linear(config.dim, prod(config.patch) * config.channels)

    def leave(self, x: Tensor, time: TimeRows, view: View) -> Tensor:
        """States [B, N, D] -> predictions [B, N, patch * C] in float32."""
        shift, scale = view.rows(time.head.unsqueeze(1) + self.head_modulation.float())
        return F.linear(
            modulated_norm(x, shift, scale, self.config.eps).float(),
            self.head.weight.float(),
            self.head.bias.float(),
        )


class Fusion(nn.Module):
    """The twin transformer. Whatever depends on the prompt or the times only is computed before the loop."""

    def __init__(self, config: FusionConfig) -> None:
        super().__init__()
        self.config = config
        self.video = Tower(config.video, VideoPatches(config.video))
        self.audio = Tower(config.audio, AudioPatches(config.audio))
        self.blocks = nn.ModuleList(TwinBlock(config) for _ in range(config.video.blocks))
        self.exchange: Exchange = Whole()
        self.visit: Callable[[nn.ModuleList], Iterable[nn.Module]] = iter
        """How the blocks are gone through; one that streams weights has them on the card just in time."""

    @property
    def device(self) -> torch.device:
        """Where latents have to be."""
        return self.video.head.weight.device

    def geometry(self, latent_size: tuple[int, int, int], length: int, *, clean_first: bool) -> Geometry:
        """Positions for a video latent of (frames, height, width) and an audio latent of that length.

        `clean_first`: the first latent frame is given, not noise; its tokens have a time row of their own.
        """
        video, audio = self.config.video, self.config.audio
        frames, rows, columns = (size // patch for size, patch in zip(latent_size, video.patch, strict=True))
        ropes = (
            Rope.of(video_angles(frames, rows, columns, video.head_dim), self.device),
            Rope.of(audio_angles(length, audio.head_dim, audio.rope_scale), self.device),
        )
        tokens = frames * rows * columns
        row = None
        if clean_first:
            row = torch.ones(frames, rows * columns, dtype=torch.long)
            row[0] = 0
            row = self.exchange.share(row.flatten().to(self.device), 0)
        shared = [Rope(*(self.exchange.share(table, 0) for table in rope)) for rope in ropes]
        return Geometry((frames, rows, columns), (View(shared[0], tokens, row), View(shared[1], length)))

    def moments(self, timesteps: Sequence[float], *, clean_first: bool) -> list[Moment]:
        """The times of all steps, on the scale 0 to 1000, as both towers see them."""
        noisy = torch.tensor(timesteps, dtype=torch.float64).unsqueeze(1)  # [S, 1]
        mixed = torch.cat([torch.zeros_like(noisy), noisy], 1) if clean_first else noisy  # [S, R]
        video, audio = (
            tower.time(sinusoids(times, tower.config.freq_dim).to(self.device))
            for tower, times in ((self.video, mixed), (self.audio, noisy))
        )
        return [
            Moment(
                TimeRows(video.head[step], video.blocks[step]), TimeRows(audio.head[step], audio.blocks[step])
            )
            for step in range(len(timesteps))
        ]

    def read(self, video_text: Tensor, audio_text: Tensor, *, skip: int | None = None) -> Pass:
        """A pass with these prompts: embeddings [n, text_dim], one for each tower."""
        prepared = []
        for tower, embedding in ((self.video, video_text), (self.audio, audio_text)):
            rows, pads = text_rows(embedding.to(self.device), tower.config.text_len)
            prepared.append((tower.text(rows.to(tower.head.weight.dtype)), pads))
        (v, v_pads), (a, a_pads) = prepared
        return Pass(
            [(b.video.remember(v, v_pads), b.audio.remember(a, a_pads)) for b in self._each_block()], skip
        )

    def forward(
        self, video: Tensor, audio: Tensor, moment: Moment, geometry: Geometry, passes: Sequence[Pass]
    ) -> list[Velocity]:
        """Latents [C, F, h, w] and [L, C] -> a velocity for each pass, all passes in one batch.

        A pass that skips a block stands after those that do not skip it.
        """

        def start() -> Crossing:
            return self.start(self.enter(video, audio), moment, geometry)

        return self.leave(self.through(start, moment, geometry, passes), moment, geometry)

    def enter(self, video: Tensor, audio: Tensor) -> States:
        """Latents to tokens; the same for all passes. [C, F, h, w] and [L, C] -> [1, N, D] and [1, L, D]."""
        share = self.exchange.share
        return States(share(self.video.patches(video), 1), share(self.audio.patches(audio), 1))

    def start(self, states: States, moment: Moment, geometry: Geometry) -> Crossing:
        """The first block up to its text; the same for all passes, a batch of one."""
        first = self.blocks[0]
        assert isinstance(first, TwinBlock)
        return first.before_text(*states, moment.e0, geometry.views)

    def through(
        self, start: Callable[[], Crossing], moment: Moment, geometry: Geometry, passes: Sequence[Pass]
    ) -> States:
        """All blocks from there, for a batch of passes.

        What they start from is asked for and not given, so that nobody holds it while the later blocks compute.
        """
        e0, views = moment.e0, geometry.views
        blocks = iter(self._each_block())
        texts = [each.texts[0] for each in passes]
        states = States(*next(blocks).after_text(start().repeat(len(passes)), texts, e0, views))
        for number, block in enumerate(blocks, 1):
            texts = [each.texts[number] for each in passes if not each.skips(number)]
            if not texts:
                continue
            going, staying = states.split(len(texts))
            states = States(*block.after_text(block.before_text(*going, e0, views), texts, e0, views)).join(
                staying
            )
        return states

    def leave(self, states: States, moment: Moment, geometry: Geometry) -> list[Velocity]:
        """Tokens of all passes to velocities, float32."""
        video_view, audio_view = geometry.views
        video, audio = (
            self.exchange.collect(tower.leave(state, time, view), 1, view.tokens)
            for tower, state, time, view in (
                (self.video, states.video, moment.video, video_view),
                (self.audio, states.audio, moment.audio, audio_view),
            )
        )
        patch = self.config.video.patch
        return [Velocity(from_patches(v, geometry.grid, patch), a) for v, a in zip(video, audio, strict=True)]

    def _each_block(self) -> Iterable[TwinBlock]:
        for block in self.visit(self.blocks):
            assert isinstance(block, TwinBlock)
            yield block
