"""Every error that Understudy raises on purpose.

    UnderstudyError
    ├── ConfigurationError          a setting or a manifest is wrong: names the file, the key, the reason
    ├── RequestError                a caller's request is refused: carries the wire's code and HTTP status
    │   ├── InvalidInput            code 0
    │   ├── NotFound                code 1
    │   ├── NotAllowed              code 1: it exists, but not in this state
    │   ├── NotAuthorized           code 0, HTTP 401
    │   ├── ConcurrencyLimit        code 96
    │   ├── InsufficientBalance     code 97
    │   ├── TooLarge                code 0, HTTP 413
    │   ├── UnknownPath             code 0, HTTP 404
    │   ├── TooManyRequests         code 0, HTTP 429
    │   └── StoreUnavailable        code 0, HTTP 503
    ├── AddressRefused              an address from outside leads where it must not (see files/address.py)
    ├── FetchFailed                 an address from outside did not give what was asked for
    ├── MediaRefused                bytes from outside are not the picture, sound or video they claim to be
    ├── StorageFailed               the storage of files did not take a file, or has lost one
    ├── EngineError                 an engine could not make the clip
    │   ├── EngineUnavailable       it cannot run here: says what to do about it
    │   ├── EngineInputError        it cannot play these inputs
    │   ├── EngineRefused           its rules refuse this content
    │   ├── EngineOutOfMemory       with the setting that helps
    │   └── EngineFailed            anything else that went wrong inside it
    ├── PartnerError                a partner's service did not do what was asked of it
    │   ├── NotAccepted             it provably took no job: nothing was bought
    │   ├── Unclear                 it may have taken a job: nobody knows yet
    │   ├── PartnerAway             it cannot be asked at the moment
    │   └── ResultLost              it has no result (any more) for a job that it had taken
    ├── Cancelled                   the run was asked to stop, and did
    └── ReplicaLost                 the process that was making the clip is gone

Errors of other libraries stop where they are called; the cause is kept (`raise ... from error`).
The message of each is written for the person who has to act on it.
"""


class UnderstudyError(Exception):
    """The root of the tree above."""

    @property
    def message(self) -> str:
        """The sentence for the person who has to act."""
        return str(self)


class ConfigurationError(UnderstudyError):
    """A setting or a manifest is wrong. The message names the file, the key and the reason."""


class RequestError(UnderstudyError):
    """A caller's request is refused; nothing has happened. Codes: the wire's error envelope."""

    code = 0
    status = 200

    def __init__(self, message: str, *details: str) -> None:
        """`details` say what to change, where the wire's own wording does not."""
        super().__init__(message)
        self.details = details


class InvalidInput(RequestError):
    """Something in the request is missing, of the wrong type or out of range."""


class NotFound(RequestError):
    """What the request names does not exist, or belongs to somebody else."""

    code = 1


class NotAllowed(RequestError):
    """What the request names exists, but is not in a state that allows this."""

    code = 1


class NotAuthorized(RequestError):
    """The caller has not proved who it is."""

    status = 401


class ConcurrencyLimit(RequestError):
    """The project's balance does not allow one more task at the same time."""

    code = 96


class InsufficientBalance(RequestError):
    """The project's balance is used up."""

    code = 97


class TooLarge(RequestError):
    """The body is over a limit; it was refused while it streamed in."""

    status = 413


class UnknownPath(RequestError):
    """No such address."""

    status = 404


class TooManyRequests(RequestError):
    """The project asks more often than it may."""

    status = 429

    def __init__(self, rate: float, retry_after: float) -> None:
        """`rate`: requests a second that it may send; `retry_after`: seconds until the next one."""
        super().__init__(
            f"This project may send {rate:g} requests a second. Send this one again after the time in Retry-After."
        )
        self.retry_after = retry_after


class TooManyTries(RequestError):
    """Somebody has tried to sign in too often."""

    status = 429
    retry_after = 60.0
    """Seconds until it is worth trying again."""


class StoreUnavailable(RequestError):
    """What remembers the tasks cannot be reached, or its disk is full: nothing was accepted."""

    status = 503


class AddressRefused(UnderstudyError):
    """An address from outside is not http(s), or leads to a network that it must not reach."""


class FetchFailed(UnderstudyError):
    """An address from outside did not answer, or answered with something else than was asked for."""


class MediaRefused(UnderstudyError):
    """Bytes from outside are not the picture, sound or video that they claim to be, or exceed the limits."""


class StorageFailed(UnderstudyError):
    """The storage of files did not take a file or does not have it: a full disk, a lost bucket, a deleted key."""


class EngineError(UnderstudyError):
    """An engine could not make the clip."""


class EngineUnavailable(EngineError):
    """The engine cannot run here; the message says what to do about it."""


class EngineInputError(EngineError):
    """The engine cannot play these inputs."""


class EngineRefused(EngineError):
    """The engine's rules refuse this content: another try would be refused, too."""


class EngineOutOfMemory(EngineError):
    """The card or the machine has too little memory; the message names the setting that helps."""


class EngineFailed(EngineError):
    """Anything else that went wrong inside an engine."""


class PartnerError(UnderstudyError):
    """A partner's service did not do what was asked of it. The message is for the task's caller: without secrets."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """`retry_after`: seconds after which the partner says that it may be asked again; None if it says nothing."""
        super().__init__(message)
        self.retry_after = retry_after


class NotAccepted(PartnerError):
    """The partner provably took no job: it could not be reached at all, or it answered so. Nothing was bought."""

    def __init__(
        self, message: str, *, retry_after: float | None = None, busy: bool = False, content: bool = False
    ) -> None:
        """`busy`: the same request may be taken later. `content`: its rules refuse what was asked for."""
        super().__init__(message, retry_after=retry_after)
        self.busy = busy
        self.content = content


class Unclear(PartnerError):
    """The request may have arrived, and a job may have been bought: it must not be sent again blindly."""


class PartnerAway(PartnerError):
    """The partner cannot be asked at the moment: no connection, no sensible answer, or too many requests."""


class ResultLost(PartnerError):
    """The partner had taken the job, and now it has no such job, no result of it, or only a damaged one."""


class Cancelled(UnderstudyError):
    """The run was asked to stop, and did."""


class ReplicaLost(UnderstudyError):
    """The process that was making the clip died or fell silent."""
