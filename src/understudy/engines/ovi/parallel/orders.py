"""What the process that leads says to those that follow it, and what they answer: msgpack, one record a message."""

import msgspec
import safetensors.torch
import torch

from understudy.engines.ovi.denoiser import DenoiseRequest
from understudy.engines.ovi.guidance import Scales
from understudy.engines.ovi.sampling.schedule import SolverName
from understudy.errors import (
    EngineError,
    EngineFailed,
    EngineInputError,
    EngineOutOfMemory,
    EngineUnavailable,
)


class Meet(msgspec.Struct, frozen=True, tag=True):
    """All have loaded: come together."""

    folder: str


class Denoise(msgspec.Struct, frozen=True, tag=True):
    """Make a run. A `Go` or a `Halt` follows for each time that the loop asks whether to go on."""

    tensors: bytes
    """safetensors: the request's tensors by name."""
    solver: SolverName
    steps: int
    shift: float
    scales: Scales
    skip: int | None

    @classmethod
    def of(cls, request: DenoiseRequest) -> "Denoise":
        """Copies the request's tensors to the host."""
        fields = request._asdict()
        # Copies, for safetensors refuses two names of one tensor.
        tensors = {
            name: value.detach().to("cpu", copy=True).contiguous()
            for name, value in fields.items()
            if isinstance(value, torch.Tensor)
        }
        return cls(
            tensors=safetensors.torch.save(tensors),
            solver=request.solver,
            steps=request.steps,
            shift=request.shift,
            scales=request.scales,
            skip=request.skip,
        )

    @property
    def request(self) -> DenoiseRequest:
        """The request, bit by bit, its tensors on the CPU."""
        tensors = safetensors.torch.load(self.tensors)
        return DenoiseRequest(
            video_noise=tensors["video_noise"],
            audio_noise=tensors["audio_noise"],
            positive=tensors["positive"],
            video_negative=tensors["video_negative"],
            audio_negative=tensors["audio_negative"],
            first_frame=tensors.get("first_frame"),
            solver=self.solver,
            steps=self.steps,
            shift=self.shift,
            scales=self.scales,
            skip=self.skip,
        )


class Go(msgspec.Struct, frozen=True, tag=True):
    """On to the next step."""


class Halt(msgspec.Struct, frozen=True, tag=True):
    """The run was asked to stop, here and now."""


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Give memory back and end."""


class Ready(msgspec.Struct, frozen=True, tag=True):
    """Loaded, or met, or done with a run, to its end or to where it was halted."""


class PeerLost(EngineFailed):
    """A process is gone that others computed with. Not what they computed is to blame: a run may begin again."""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """Could not do what was ordered; the process ends."""

    kind: str
    message: str

    @classmethod
    def of(cls, error: BaseException) -> "Failed":
        """The error as it can travel."""
        if isinstance(error, torch.OutOfMemoryError):
            return cls("EngineOutOfMemory", "One of the cards ran out of memory.")
        if isinstance(error, EngineError):
            return cls(type(error).__name__, error.message)
        return cls("EngineFailed", f"{type(error).__name__}: {error}")

    @property
    def error(self) -> EngineError:
        """The error as it was."""
        kinds = (EngineUnavailable, EngineInputError, EngineOutOfMemory, PeerLost)
        return {kind.__name__: kind for kind in kinds}.get(self.kind, EngineFailed)(self.message)


Order = Meet | Denoise | Go | Halt | Stop
Answer = Ready | Failed

encode = msgspec.msgpack.Encoder().encode
read_order = msgspec.msgpack.Decoder(Order).decode
read_answer = msgspec.msgpack.Decoder(Answer).decode
