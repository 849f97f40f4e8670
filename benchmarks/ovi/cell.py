"""The schema of what is printed: one JSON line for each cell, a cell being a variant, a number of steps and a preset.

Times are in seconds, rates in operations a second, sizes in bytes. `null` stands for what was not measured: memory
without a card, the reference if it was not asked for, the error of the preset that the others are compared with.
"""

import msgspec


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where it was measured."""

    date: str
    """YYYY-MM-DD, UTC."""
    device: str
    """The card's name, or the processor's kind and the number of threads."""
    memory_bytes: int | None
    versions: dict[str, str]
    """Of Python, PyTorch, CUDA, cuDNN, diffusers, transformers and the engine."""


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """What the device can do at best, measured in the same run, in the type that the transformer computes in."""

    matmul: float
    """Best of several large matrix products."""
    attention: float
    """Of the clip's own self-attention, by the kernel that the transformer uses."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a run."""

    seconds: float
    peak_bytes: int | None
    """The most memory of the card that was in use at a time, weights of all parts included."""


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of one denoising step."""

    fastest: float
    median: float
    slowest: float


class Arithmetic(msgspec.Struct, frozen=True, kw_only=True):
    """The denoising loop against what its arithmetic needs at least. Presets that skip arithmetic may beat it."""

    step_linear: int
    """Operations in the linear layers of one exact step."""
    step_attention: int
    achieved: float
    """Operations of the exact loop by its seconds."""
    of_matmul_rate: float
    """`achieved` as a share of `Rates.matmul`."""
    of_rates: float
    """Seconds that the loop would take at both `Rates`, as a share of those that it took."""
    of_bound: float | None
    """Seconds that it would take at 790e12 a second (80% of an H100's or H200's bfloat16 peak), as such a share."""


class Cancel(msgspec.Struct, frozen=True, kw_only=True):
    """From the wish to stop, at a moment within a step, until ... The slowest of several."""

    returned: float
    """... the loop has raised `Cancelled`."""
    idle: float
    """... and the device has nothing left to do."""


class Errors(msgspec.Struct, frozen=True, kw_only=True):
    """What a preset changes: L2 norm of the latents' difference from the exact run's, by that of the exact latents.

    Of random weights: it says that a preset does what it should, and how much it gives up in relation to others. What
    it does to a picture can be told with trained weights only.
    """

    video: float
    audio: float


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """The reference's own code in the same run: same architecture, size, steps and prompt length; random weights."""

    loop: float
    video_decode: float | None
    """null if its video autoencoder was left out, as with small models."""
    total: float
    """Text, loop and video decoding. Its sound decoder and the writing of a file are not in it; in ours, they are."""
    attention: str
    """Which attention it used."""
    absent: tuple[str, ...]
    """Packages that are not installed and that a run does not need; empty ones stood in for them."""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One line."""

    machine: Machine
    variant: str
    size: tuple[int, int]
    """Height and width."""
    frames: int
    steps: int
    preset: str
    words: int
    """Tokens of the prompt."""
    dtype: str
    compiled: bool
    graphs: bool
    """Whether each step was replayed as one CUDA graph."""
    load: float
    """Drawing the weights and compiling are no part of a run: `load` and `warm_up` come before the first."""
    warm_up: float
    text: Stage
    """Embedding the prompt and both negative prompts, none of them known before."""
    denoise: Stage
    """Preparing the loop, and the loop."""
    loop: float
    """From the first step's begin to the last one's end."""
    step: Steps
    sound: Stage
    video: Stage
    """Decoding the video while it is encoded and written."""
    video_decode: float
    """Decoding it alone."""
    total: float
    """End to end: from a prompt to a file."""
    arithmetic: Arithmetic
    rates: Rates
    cancel: Cancel
    errors: Errors | None
    reference: Reference | None
