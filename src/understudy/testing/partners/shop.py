"""What all fakes that sell clips have in common."""

from functools import cached_property

from understudy.testing.clip import tiny_clip
from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import FaultPlan


class Shop:
    """Faults to meet, a time of its own, one account, and a clip."""

    def __init__(self, plan: FaultPlan | None, clock: VirtualClock | None, seconds: float, key: str) -> None:
        """`seconds`: how long a job takes; `key`: what is accepted as one."""
        self.plan = plan or FaultPlan()
        self.clock = clock or VirtualClock()
        self.seconds = seconds
        self.key = key

    @cached_property
    def clip(self) -> bytes:
        """What a job that went well gives."""
        return tiny_clip()
