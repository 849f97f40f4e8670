"""What Gemini Omni answers: an interaction, and what its end means (google-genai 3.4.0, `interactions.Interaction`)."""

from typing import Final

import msgspec

from understudy.engines.google.rules import is_about_content
from understudy.engines.partner import Cancellation, Standing

_INVALID: Final = 3
"""google.rpc.Code."""

_ENDS: Final = {
    "cancelled": "The job was cancelled at the partner.",
    "incomplete": "The partner stopped before the clip was whole.",
    "budget_exceeded": "The budget that was set for the project at the partner is used up.",
    "requires_action": "The partner asks for an action of its caller's, which a run cannot take.",
    "requires_continuation": "The partner stopped at its limit; going on would be a second paid request, which is not sent.",
}
"""Ends without a clip, in our words: the partner gives none."""


class Problem(msgspec.Struct, frozen=True):
    """One fault on the record."""

    code: str | int = ""
    """An interaction's own is an address that names the kind, a step's is a google.rpc.Code."""
    message: str = ""


class Content(msgspec.Struct, frozen=True):
    """One piece of what a model said or made."""

    type: str = ""
    text: str = ""
    data: str = ""
    """Base64."""
    uri: str = ""


class Step(msgspec.Struct, frozen=True):
    """One step; the ones that matter are of type `model_output`."""

    type: str = ""
    content: tuple[Content, ...] | None = None
    error: Problem | None = None


class Usage(msgspec.Struct, frozen=True):
    """What was counted for the bill."""

    total_output_tokens: int | None = None


class Interaction(msgspec.Struct, frozen=True):
    """One job."""

    id: str = ""
    status: str = ""
    steps: tuple[Step, ...] | None = None
    errors: tuple[Problem, ...] | None = None
    usage: Usage | None = None

    @property
    def outputs(self) -> tuple[Content, ...]:
        """What the model said and made."""
        steps = [step for step in self.steps or () if step.type == "model_output"]
        return tuple(each for step in steps for each in step.content or ())

    @property
    def clip(self) -> Content | None:
        """The last video with something in it: earlier ones are drafts of it."""
        videos = [each for each in self.outputs if each.type == "video" and (each.data or each.uri)]
        return videos[-1] if videos else None


def standing(interaction: Interaction, words: str) -> Standing:
    """How a job stands; `words` is what `said` found, made fit to be shown."""
    status = interaction.status
    if status == "queued":
        return Standing(state="queued")
    if status == "completed" and interaction.clip is not None:
        return Standing(state="done")
    if status == "completed":
        return _failed("The partner finished the job without a clip", words, interaction)
    if status == "failed":
        return _failed("The job failed at the partner", words, interaction)
    if status in _ENDS:
        return Standing(state="failed", reason=f"{_ENDS[status]} {words}".strip())
    return Standing(state="running")


def said(interaction: Interaction) -> str:
    """The partner's own words on a job that went wrong, as they came: faults first, then what the model said."""
    faults = [each.message or str(each.code) for each in _problems(interaction)]
    texts = [each.text for each in interaction.outputs if each.type == "text"]
    return " ".join(each for each in faults or texts if each)


def cancellation(interaction: Interaction) -> Cancellation:
    """What a cancel has led to. Google does not say what a cancelled job costs: free is only what counts no output."""
    if interaction.status == "completed" or interaction.status == "failed":
        return "cannot"
    unused = interaction.usage is not None and interaction.usage.total_output_tokens == 0
    return "stopped" if unused else "charged"


def _failed(what: str, words: str, interaction: Interaction) -> Standing:
    reason = f"{what}: {words}" if words else f"{what}."
    problems = _problems(interaction)
    if is_about_content(words) or any(is_about_content(str(each.code)) for each in problems):
        return Standing(state="failed", reason=reason, fault="content")
    if any(each.code == _INVALID or "invalid" in str(each.code).lower() for each in problems):
        return Standing(state="failed", reason=reason, fault="input")
    return Standing(state="failed", reason=reason)


def _problems(interaction: Interaction) -> tuple[Problem, ...]:
    of_steps = tuple(step.error for step in interaction.steps or () if step.error is not None)
    return (*(interaction.errors or ()), *of_steps)
