"""What there is at `/v1/videos` and below: create, list, get, delete, content, and what nothing here can do."""

from urllib.parse import parse_qsl

from starlette.responses import Response

from understudy.api.answers import encode
from understudy.api.openai_videos.content import Content
from understudy.api.openai_videos.creation import Creation
from understudy.api.openai_videos.door import Answer, Asking, Headers
from understudy.api.openai_videos.naming import is_gone, task_id
from understudy.api.openai_videos.paging import read_page, read_query
from understudy.api.openai_videos.refusals import Refused, Unsupported, no_such_way
from understudy.api.openai_videos.rendering import deleted_object, list_object, poll_after_ms, video_object
from understudy.api.parts import Parts
from understudy.errors import NotAllowed, NotFound
from understudy.tasks.lifecycle import is_terminal
from understudy.tasks.records import Project, Task

_COLLECTIONS = {
    "edits": "edit a video",
    "extensions": "extend a video",
    "characters": "keep characters",
}
_LONGEST_SHOWN = 100

# The latest answers about single videos: at most 8 MB.
_KEPT = 500
_KEPT_BYTES = 16 * 1024


class Videos:
    """The tasks of a project as videos."""

    def __init__(self, parts: Parts) -> None:
        self._catalogue = parts.catalogue
        self._desk = parts.desk
        self._events = parts.events
        self._clock = parts.clock
        self._creation = Creation(parts)
        self._content = Content(parts)
        self._answers: dict[int, tuple[Task, int, bytes]] = {}

    async def answer(self, asking: Asking) -> Answer | Response:
        """Whatever is asked for. Raises `RequestError`."""
        video, _, part = asking.path.partition("/")
        match asking.method, video, part:
            case "GET", video, "" if video:
                return self._shown(await self._find(asking.project, video))
            case "POST", "", "":
                return self._shown(await self._creation.create(asking))
            case "GET", "", "":
                return await self._list(asking)
            case "DELETE", video, "" if video:
                return await self._delete(asking.project, video)
            case (("GET" | "HEAD"), video, "content"):
                task = await self._find(asking.project, video)
                given = dict(parse_qsl(asking.scope["query_string"].decode("latin-1")))
                return await self._content.answer(asking, task, given.get("variant", "video"))
            case "POST", _, "remix":
                raise _unsupported("remix a video")
            case "POST", video, "" if video in _COLLECTIONS:
                raise _unsupported(_COLLECTIONS[video])
        raise no_such_way(asking.method, asking.scope["path"])

    async def _find(self, project: Project, video: str) -> Task:
        try:
            task = await self._desk.find(project, id=task_id(video))
        except NotFound as error:
            raise _no_such_video(video) from error
        if is_gone(task):
            raise _no_such_video(video)
        return task

    def _shown(self, task: Task) -> Answer:
        over = is_terminal(task.status)
        headers: Headers = ()
        if not over:
            headers = ((b"openai-poll-after-ms", str(poll_after_ms(task, self._clock())).encode()),)
        progress = 0 if over else self._progress(task)
        # A record never changes, so as long as the store has the same one, its answer is the same, too.
        known, percent, text = self._answers.get(task.id, (None, 0, b""))
        if known is not task or percent != progress:
            text = encode(self._object(task, progress))
            self._answers.pop(task.id, None)
            if len(text) <= _KEPT_BYTES:
                if len(self._answers) >= _KEPT:
                    del self._answers[next(iter(self._answers))]
                self._answers[task.id] = task, progress, text
        return Answer(text, headers)

    async def _list(self, asking: Asking) -> Answer:
        query = read_query(asking.scope["query_string"])

        async def fetch(start: int, limit: int) -> list[Task]:
            _, tasks = await self._desk.page(
                asking.project, model="", status="", start=start, limit=limit, ascending=query.ascending
            )
            return tasks

        page = await read_page(query, fetch)
        videos = [self._object(task, self._progress(task)) for task in page.tasks]
        return Answer(encode(list_object(videos, page.last, more=page.more)))

    async def _delete(self, project: Project, video: str) -> Answer:
        task = await self._find(project, video)
        try:
            await self._desk.delete_files(project, token=task.token)
        except NotAllowed as error:
            raise Refused(
                409,
                "Only a video that is completed or failed can be deleted. To stop this one, send"
                f" POST /v1/Task/Kill with taskid {task.id}.",
                code="video_not_finished",
            ) from error
        self._answers.pop(task.id, None)
        return Answer(encode(deleted_object(task)))

    def _object(self, task: Task, progress: int) -> dict[str, object]:
        return video_object(task, self._catalogue.named(task.model), progress)

    def _progress(self, task: Task) -> int:
        """Percent of the stage that it is in; 0 before the first."""
        if is_terminal(task.status) or not task.started:
            return 0
        watching = self._events.subscribe(task.id)
        self._events.unsubscribe(task.id, watching)
        latest = watching.kept[-1] if watching.kept else None
        return int(latest.message["percentage"]) if latest is not None and latest.is_progress else 0


def _no_such_video(video: str) -> Refused:
    return Refused(
        404, f"Video with id {video[:_LONGEST_SHOWN]!r} not found.", param="video_id", code="video_not_found"
    )


def _unsupported(what: str) -> Unsupported:
    return Unsupported(f"No engine here can {what}. Create a video with POST /v1/videos instead.")
