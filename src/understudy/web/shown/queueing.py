"""Where a clip stands in the queue, and when it usually begins, as far as that can be said."""

import math

import msgspec

from understudy.catalogue.manifest import Model
from understudy.tasks.lifecycle import Status
from understudy.tasks.records import ModelStatistics, Project, Task
from understudy.tasks.store.browsing import TaskFilter
from understudy.tasks.store.tenants import Tally
from understudy.web.parts import WebParts
from understudy.web.shown.playing import Player, player_of
from understudy.web.shown.words import duration, number

_NOBODY = "No process takes up tasks at the moment. It waits until one does."
_ENOUGH_RUNS = 3
"""Successful ones, before their mean says anything."""
_ROUNDED = ((90.0, 10.0), (math.inf, 60.0))
"""Up to so many seconds a guess is rounded to so many."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One clip's place."""

    position: int
    """1: it is the next of its model."""
    shared: bool
    """Other projects wait, too. They take turns, so the position is a guess."""
    begins: float = 0.0
    """Seconds until it usually begins; 0 if nobody can say."""
    held: str = ""
    """Why nothing is taken up, if so."""

    @property
    def title(self) -> str:
        """Where it stands, in words."""
        return f"Queued, at {'about ' if self.shared else ''}position {number(self.position)}"

    @property
    def more(self) -> str:
        """Why it waits, or for how long."""
        if self.held:
            return self.held
        if self.begins:
            return f"Usually begins in about {duration(self.begins)}."
        return "Projects take turns." if self.shared else ""


async def place_of(parts: WebParts, project: Project, task: Task, model: Model | None) -> Place | None:
    """None for a clip that does not wait."""
    if task.status != Status.QUEUE:
        return None
    own = (await parts.store.tenants.tallies([task.project], 0)).get(task.project, Tally())
    position = 1 + await parts.store.operating.ahead(task.id)
    shared = await _is_shared(parts, task, own)
    answers = await parts.reports.answers()
    player = player_of(parts.cast, parts.decisions, model, answers) if model else None
    nobody = parts.store.shared and answers is None
    held = _NOBODY if nobody else _held(project, own.running, player)
    begins = 0.0
    if not held and not shared:
        statistics = (await parts.store.statistics()).get(task.model, ModelStatistics())
        running = await parts.store.browsing.count_open(TaskFilter(model=task.model, stage="running"))
        begins = guess(position, running["running"], statistics)
    return Place(position=position, shared=shared, begins=begins, held=held)


def guess(position: int, running: int, statistics: ModelStatistics) -> float:
    """Seconds until the task at that place begins, rounded as far as such a guess goes; 0 without anything to go by.

    As many run at a time as run now, and each takes what its like took in the mean.
    """
    if running < 1 or statistics.successes < _ENOUGH_RUNS:
        return 0.0
    seconds = position * statistics.mean_elapsed / running
    step = next(step for limit, step in _ROUNDED if seconds <= limit)
    return max(step, round(seconds / step) * step)


async def _is_shared(parts: WebParts, task: Task, own: Tally) -> bool:
    """Whether tasks of other projects wait for the model; counted one by one only where kept sums cannot tell."""
    queues = await parts.store.queue()
    waiting = queues[task.model].number if task.model in queues else 0
    if len(queues) > 1 and own.waiting >= waiting:
        wanted = TaskFilter(model=task.model, project=task.project)
        return waiting > (await parts.store.browsing.count_open(wanted))["waiting"]
    return waiting > own.waiting


def _held(project: Project, running: int, player: Player | None) -> str:
    if player is None:
        return "The model is not offered any more."
    if player.held:
        return f"An operator has {player.held} {player.engine}, which would play it. It waits until {player.engine} goes on."
    if not player.engine:
        return f"Nobody can play it now. {player.why_not}".strip()
    most = project.limits.running
    if most and running >= most:
        return f"{project.name} runs as many clips as it may at a time: {most}."
    return ""
