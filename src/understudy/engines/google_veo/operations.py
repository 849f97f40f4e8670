"""What Veo answers: a long-running operation, and what its end means (google.longrunning.Operation, google.rpc.Code)."""

from typing import Any, Final

import msgspec

from understudy.engines.behind import behind
from understudy.engines.google.rules import is_about_content
from understudy.engines.partner import Standing

INVALID_ARGUMENT: Final = 3
RESOURCE_EXHAUSTED: Final = 8
_SIGN_IN: Final = frozenset({7, 16, 401, 403})
_INPUT: Final = frozenset({INVALID_ARGUMENT, 11, 400})
_BUSY: Final = frozenset({RESOURCE_EXHAUSTED, 429})


class Error(msgspec.Struct, frozen=True):
    """google.rpc.Status; some servers send the HTTP status as its code."""

    code: int = 0
    message: str = ""


class Video(msgspec.Struct, frozen=True, rename="camel"):
    """One clip: bytes, or where they lie in Google's storage."""

    bytes_base64_encoded: str = ""
    gcs_uri: str = ""
    mime_type: str = ""


class Generated(msgspec.Struct, frozen=True, rename="camel"):
    """What an operation without an error made, and what was withheld of it."""

    videos: tuple[Video, ...] | None = None
    rai_media_filtered_count: int = 0
    rai_media_filtered_reasons: tuple[str, ...] | None = None


class Operation(msgspec.Struct, frozen=True):
    """One job."""

    name: str = ""
    done: bool = False
    error: Error | None = None
    response: Generated | None = None
    metadata: dict[str, Any] | None = None
    """Google's own; an Understudy says there who played."""


def standing(operation: Operation, words: str) -> Standing:
    """How a job stands; `words` is what `said` found, made fit to be shown."""
    if not operation.done:
        return Standing(state="running")
    if operation.error is not None:
        return _of_error(operation.error, words)
    made = operation.response or Generated()
    if made.videos:
        played = behind((operation.metadata or {}).get("engine"))
        return Standing(state="done", reason=played.sentence, preview=played.preview)
    if made.rai_media_filtered_count > 0 or made.rai_media_filtered_reasons:
        # Google does not charge for what its filters withhold.
        return Standing(
            state="failed",
            reason=f"The partner's filters withheld the clip: {words or 'it gave no reason'}",
            fault="content",
            charged=False,
        )
    return Standing(
        state="failed", reason="The partner finished the job without a clip and without a reason."
    )


def said(operation: Operation) -> str:
    """The partner's own words on a job that went wrong, as they came."""
    if operation.error is not None:
        return operation.error.message
    return " ".join((operation.response and operation.response.rai_media_filtered_reasons) or ())


def _of_error(error: Error, words: str) -> Standing:
    said = f"{words} (code {error.code})" if words else f"code {error.code}"
    if is_about_content(words):
        return Standing(
            state="failed", reason=f"The partner's rules refuse this: {said}", fault="content", charged=False
        )
    if error.code in _INPUT:
        return Standing(
            state="failed",
            reason=f"The partner cannot play these inputs: {said}",
            fault="input",
            charged=False,
        )
    if error.code in _BUSY:
        return Standing(state="failed", reason=f"The partner had no room for the job: {said}", charged=False)
    if error.code in _SIGN_IN:
        return Standing(state="failed", reason=f"The partner refuses the key or the account: {said}")
    return Standing(state="failed", reason=f"The job failed at the partner: {said}")
