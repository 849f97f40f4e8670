"""A task's events as progress notifications. Pure.

The protocol wants a number that only rises. So the whole part counts the statuses and stages that were reached, and
the part behind the point is how much of the present stage is done; there is no total.
"""

import msgspec

from understudy.client import Event, Progress, StatusChanged

_PHRASES = {
    "task_queue": "Waiting in the queue",
    "task_accept": "Accepted",
    "task_preprocess_start": "Preparing the inputs",
    "task_assign": "Getting the engine ready",
    "task_start": "Making the clip",
    "task_postprocess_start": "Storing the clip",
    "task_postprocess_end": "Over",
    "task_cancel": "Cancelled",
    "task_error": "Failed",
}


class Step(msgspec.Struct, frozen=True):
    """One notification."""

    value: float
    message: str


class Steps:
    """Turns the events of one task into steps."""

    def __init__(self) -> None:
        self._reached = 0
        self._stage = ""
        self._last = -1.0

    def after(self, event: Event) -> Step | None:
        """What to tell; None if there is nothing new in it."""
        match event:
            case StatusChanged(status=status) if status in _PHRASES:
                self._reached += 1
                return self._told(float(self._reached), _PHRASES[status])
            case Progress(stage=stage, step=step, total=total):
                if stage != self._stage:
                    self._stage = stage
                    self._reached += 1
                # Less than one, so that the next stage is always more.
                done = min(step / total, 0.99) if total > 0 else 0.0
                return self._told(self._reached + done, f"{stage}: {step} of {total}")
        return None

    def _told(self, value: float, message: str) -> Step | None:
        if value <= self._last:
            return None
        self._last = value
        return Step(value, message)
