"""Time and memory of a device: every reading waits for the device, or is an event on it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from benchmarks.ovi.cell import Stage


def settle(device: torch.device) -> float:
    """The time when the device has nothing left to do, in seconds from some origin."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


class Clock:
    """Times stages of a run, by name."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.stages: dict[str, Stage] = {}

    @contextmanager
    def lap(self, name: str) -> Iterator[None]:
        """Everything within is the stage of this name."""
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
        began = settle(self._device)
        yield
        seconds = settle(self._device) - began
        peak = torch.cuda.max_memory_allocated(self._device) if self._device.type == "cuda" else None
        self.stages[name] = Stage(seconds=seconds, peak_bytes=peak)


class Marks:
    """Points in a stream of work, without waiting for it: events on a card, times elsewhere."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._marks: list[torch.cuda.Event | float] = []

    def mark(self) -> None:
        """Here."""
        if self._device.type != "cuda":
            self._marks.append(time.perf_counter())
            return
        event = torch.cuda.Event(enable_timing=True)
        event.record(torch.cuda.current_stream(self._device))
        self._marks.append(event)

    def seconds(self) -> list[float]:
        """Between each mark and the next. Waits for the device."""
        settle(self._device)
        return [_between(one, other) for one, other in zip(self._marks, self._marks[1:], strict=False)]


def _between(one: torch.cuda.Event | float, other: torch.cuda.Event | float) -> float:
    if isinstance(one, float) or isinstance(other, float):
        assert isinstance(one, float)
        assert isinstance(other, float)
        return other - one
    return float(one.elapsed_time(other)) / 1000  # it says milliseconds
