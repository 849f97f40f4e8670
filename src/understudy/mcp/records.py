"""What the tools answer: their fields are the output schemas that clients see. Money in US dollars, as exact text."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from understudy.client import Model, Output, Price, Task

State = Literal["waiting", "working", "succeeded", "failed", "cancelled"]


class Record(BaseModel):
    """What all have in common: none of them changes."""

    model_config = ConfigDict(frozen=True)


class ModelSummary(Record):
    """One model in a list."""

    model: str = Field(description="Its address, owner/slug: what the other tools take.")
    title: str
    description: str
    categories: list[str]

    @classmethod
    def of(cls, model: Model) -> "ModelSummary":
        """From the client's record."""
        return cls(
            model=model.address,
            title=model.title,
            description=model.description,
            categories=list(model.categories),
        )


class Models(Record):
    """Models on offer."""

    models: list[ModelSummary]


class ModelGroup(Record):
    """Models under one heading."""

    title: str
    models: list[ModelSummary]


class ModelGroups(Record):
    """Models in groups."""

    groups: list[ModelGroup]


class ModelSchema(Record):
    """What a model takes."""

    model: str
    title: str
    description: str
    input_schema: dict[str, Any] = Field(description="JSON Schema of the inputs that are no files.")
    file_inputs: dict[str, str] = Field(description="Inputs that take files, and what each is for.")
    example: dict[str, str] = Field(description="The model's own example inputs.")


class Suggestion(Record):
    """A model that may suit, and why."""

    model: str
    title: str
    score: float = Field(description="Higher is better; only comparable within one answer.")
    inputs: dict[str, str] = Field(
        description="Inputs that follow from the description; the prompt is yours."
    )
    file_inputs: list[str] = Field(description="Inputs that should get a file.")
    reasons: list[str]
    losses: list[str] = Field(description="What was asked for and this model does not offer.")


class Suggestions(Record):
    """Models that may suit, the best first."""

    suggestions: list[Suggestion]
    note: str


class PriceEstimate(Record):
    """A price before the run."""

    model: str
    amount: str | None = Field(description="US dollars for the whole run; null where only the run can tell.")
    rate: str = Field(description="US dollars for one unit.")
    unit: str
    note: str

    @classmethod
    def of(cls, model: str, price: Price) -> "PriceEstimate":
        """From the client's record."""
        return cls(
            model=model,
            amount=None if price.amount is None else f"{price.amount:f}",
            rate=f"{price.rate:f}",
            unit=price.unit,
            note="Charged for success only, and by the clip that is really made."
            if price.amount is not None
            else f"The run decides how many units there are; one {price.unit} costs the rate.",
        )


class FileRecord(Record):
    """A file at the server. Whoever knows its address may read it."""

    name: str
    content_type: str
    size: int = Field(description="Bytes.")
    url: str

    @classmethod
    def of(cls, output: Output) -> "FileRecord":
        """From the client's record."""
        return cls(name=output.name, content_type=output.content_type, size=output.size, url=output.url)


class TaskRecord(Record):
    """One run of one model."""

    task: str = Field(description="Its id: what the other tools take.")
    model: str
    state: State
    status: str = Field(description="The exact step, as the server names it.")
    over: bool = Field(description="Whether nothing will happen to it any more.")
    reason: str = Field(description="Why it failed, or what its end leaves behind; else empty.")
    played_by: str = Field(description="The engine that made the clip.")
    preview: bool = Field(description="Whether the clip only stands in for the model's own work.")
    notes: list[str] = Field(description="What was played in another way than it was asked for.")
    cost: str
    seconds: float = Field(description="Seconds of work.")
    inputs: dict[str, Any]
    files: list[FileRecord] = Field(description="The clip, and whatever else was made.")

    @classmethod
    def of(cls, task: Task) -> "TaskRecord":
        """From the client's record."""
        return cls(
            task=task.id,
            model=task.model,
            state=state(task),
            status=task.status,
            over=task.over,
            reason=task.reason if task.over and not task.succeeded else "",
            played_by=f"{task.engine.name} {task.engine.version}".strip() if task.engine else "",
            preview=bool(task.engine and task.engine.preview),
            notes=list(task.engine.notes) if task.engine else [],
            cost=f"{task.cost:f}",
            seconds=task.elapsed,
            inputs=task.parameters,
            files=[FileRecord.of(each) for each in task.outputs],
        )


class Tasks(Record):
    """One page of tasks."""

    tasks: list[TaskRecord]


class Passage(Record):
    """A part of a page that was found."""

    page: str
    section: str
    text: str


class Passages(Record):
    """Parts of pages, the best first."""

    passages: list[Passage]


def state(task: Task) -> State:
    """Where a task is, in a word."""
    if task.status == "task_cancel":
        return "cancelled"
    if task.over:
        return "succeeded" if task.succeeded else "failed"
    return "waiting" if task.status == "task_queue" else "working"
