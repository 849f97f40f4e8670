"""A task as its owner sees it: where it is, what came of it, in words. Pure."""

from collections.abc import Sequence

import msgspec

from understudy.catalogue.manifest import Model
from understudy.tasks.about import engine_of, outcome_of
from understudy.tasks.lifecycle import Status, elapsed, is_terminal
from understudy.tasks.records import File, Task
from understudy.tasks.store.browsing import Stage
from understudy.web.shown.inputs import label_of

DOING = {
    Status.QUEUE: "Waiting in the queue",
    Status.ACCEPT: "Getting ready",
    Status.PREPROCESS_START: "Preparing the inputs",
    Status.PREPROCESS_END: "Inputs are ready",
    Status.ASSIGN: "Loading the engine",
    Status.START: "Making the clip",
    Status.OUTPUT: "Making the clip",
    Status.END: "Finishing",
    Status.POSTPROCESS_START: "Finishing",
    Status.POSTPROCESS_END: "Done",
    Status.CANCEL: "Stopped",
    Status.ERROR: "Failed",
}

STAGES = {
    "Text": "Reading the text",
    "Generate": "Making the clip",
    "Decode": "Decoding pictures and sound",
    "Encode": "Encoding the file",
}
"""What engines say they are at, in their progress."""


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a clip."""

    url: str
    name: str
    content_type: str
    size: int
    poster: str = ""
    """The address of its thumbnail."""

    @property
    def kind(self) -> str:
        """`video`, `image` or `audio`."""
        return self.content_type.partition("/")[0]


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """One input as it was given."""

    label: str
    text: str = ""
    urls: tuple[str, ...] = ()
    long: bool = False


class Clip(msgspec.Struct, frozen=True, kw_only=True):
    """A task and what came of it."""

    task: Task
    title: str
    model: Model | None
    stage: Stage
    doing: str
    engine: str
    preview: bool
    seconds: float
    """Of work."""
    media: tuple[Media, ...]
    given: tuple[Given, ...]

    @property
    def main(self) -> Media | None:
        """What is shown of it."""
        return self.media[0] if self.media else None


def clip_of(task: Task, model: Model | None, files: Sequence[File]) -> Clip:
    """`files`: its outputs, in order; others do not matter."""
    stage = stage_of(task)
    return Clip(
        task=task,
        title=title_of(task),
        model=model,
        stage=stage,
        doing="Failed" if stage == "failed" else DOING[Status(task.status)],
        engine=engine_of(task),
        preview=bool((task.engine or {}).get("preview")),
        seconds=elapsed(task),
        media=_media(files),
        given=_given(task, model),
    )


def stage_of(task: Task) -> Stage:
    """Where it is, as people say."""
    if not is_terminal(task.status):
        return "waiting" if task.status == Status.QUEUE else "running"
    outcome = outcome_of(task)
    return "done" if outcome == "succeeded" else "cancelled" if outcome == "cancelled" else "failed"


def title_of(task: Task) -> str:
    """What it is about: its prompt, or the first text among its inputs."""
    texts = [str(value) for name, value in task.values.items() if name == "prompt"]
    texts += [value for value in task.values.values() if isinstance(value, str) and len(value) > 20]
    return " ".join(next(iter(texts), task.model).split())


def _media(files: Sequence[File]) -> tuple[Media, ...]:
    # A thumbnail lies beside its clip.
    return tuple(
        Media(
            url=f"/{file.path.lstrip('/')}",
            name=file.name,
            content_type=file.content_type,
            size=file.size,
            poster=f"/{file.path.lstrip('/').rpartition('.')[0]}.jpg",
        )
        for file in files
        if file.role == "output"
    )


def _given(task: Task, model: Model | None) -> tuple[Given, ...]:
    labels = {each.id: label_of(each) for each in model.inputs} if model else {}
    order = [*labels, *(name for name in (*task.values, *task.media) if name not in labels)]
    given = []
    for name in order:
        label = labels.get(name, name)
        if name in task.media:
            given.append(
                Given(
                    label=label,
                    urls=tuple(
                        f"/{url.lstrip('/')}" if "://" not in url else url for url in task.media[name]
                    ),
                )
            )
        elif str(task.values.get(name, "")) != "":
            text = str(task.values[name])
            given.append(Given(label=label, text=text, long=len(text) > 60 or "\n" in text))
    return tuple(given)
