"""What goes wrong at a fake partner, and when: a plan that is worked off, request by request."""

from collections.abc import Iterable
from typing import Literal

import msgspec

Step = Literal["create", "check", "list", "content", "cancel", "delete", "deliver"]
"""What a request wants of the partner; `deliver` is a webhook's."""

Kind = Literal[
    "drop before",  # the connection breaks before the partner has done anything
    "drop after",  # the partner has done it, and the connection breaks before the answer
    "busy",  # 429 with Retry-After
    "error before",  # 5xx, and nothing was done
    "error after",  # 5xx, although it was done
    "hang before",  # no answer for `seconds`, then the connection breaks; nothing was done
    "hang after",  # the same, and it was done
    "slow",  # the answer's body comes in pieces over `seconds`
    "truncated",  # the body ends early although the headers promise more
    "damaged",  # a whole body that is no video
    "wrong type",  # an answer of another content type (an HTML page of a proxy) with status 200
    "refused",  # 4xx: the request is invalid
    "refused content",  # 4xx: the partner's rules refuse the prompt
    "no account",  # 401: the key is not (any more) good
    "filtered",  # the job is done, and its result was filtered away
    "fails",  # the job fails after half its progress, by the partner's own fault
    "redirects",  # 307 to another address
    "expired",  # the result's address answers 404 or 403
    "forgotten",  # the partner knows no such job (any more)
]
"""`filtered`, `fails` and `forgotten` belong to the step `create`: they are the fate of the job that is made."""

FATES: frozenset[str] = frozenset({"filtered", "fails", "forgotten"})


class Fault(msgspec.Struct, frozen=True):
    """One thing that goes wrong, at the next `times` requests for `step`, after `skip` that go well."""

    step: Step
    kind: Kind
    times: int = 1
    skip: int = 0
    seconds: float = 0.2


def fate_of(fault: Fault | None) -> str:
    """What becomes of the job that is made by a request with this fault: one of `FATES`, or nothing."""
    return fault.kind if fault is not None and fault.kind in FATES else ""


class FaultPlan:
    """Worked off as requests come; each request meets one fault at most."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._left: list[list[int]] = []
        self._faults: list[Fault] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """One more, behind the others."""
        self._faults.append(fault)
        self._left.append([fault.skip, fault.times])

    def meet(self, step: Step) -> Fault | None:
        """The fault that a request for `step` meets now, if any; counts it."""
        for fault, left in zip(self._faults, self._left, strict=True):
            if fault.step != step:
                continue
            if left[0] > 0:
                left[0] -= 1
            elif left[1] > 0:
                left[1] -= 1
                return fault
        return None
