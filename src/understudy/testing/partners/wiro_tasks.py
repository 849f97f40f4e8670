"""The tasks of the fake server of our own protocol: what they are made of, and how they look at a moment. Pure."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

PICTURES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
"""How the files begin that are taken."""
CPS: Final = 0.000585
"""US dollars per second of work."""

_QUEUED = 0.1
"""The part of a task's time that it waits."""
_OVER = ("task_postprocess_end", "task_cancel", "task_error")


class Refused(Exception):
    """The request is refused, with the envelope's code."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One input of a model."""

    required: bool = False
    file: bool = False
    number: bool = False
    choices: tuple[str, ...] = ()
    default: str = ""


MODELS: Final[Mapping[str, Mapping[str, Input]]] = {
    "openai/sora-2-pro": {
        "inputImage": Input(file=True),
        "prompt": Input(required=True),
        "seconds": Input(choices=("4", "8", "12"), default="4"),
        "resolution": Input(choices=("720p", "1080p"), default="720p"),
        "ratio": Input(choices=("16:9", "9:16", "auto"), default="auto"),
    },
    "google/veo3-1": {
        "inputImage": Input(file=True),
        "prompt": Input(required=True),
        "generateAudio": Input(choices=("true", "false"), default="true"),
        "aspectRatio": Input(choices=("16:9", "9:16"), default="16:9"),
        "resolution": Input(choices=("720p", "1080p"), default="720p"),
        "negativePrompt": Input(),
        "enhancePrompt": Input(choices=("true", "false"), default="true"),
        "personGeneration": Input(choices=("allow_adult", "dont_allow"), default="allow_adult"),
        "seed": Input(number=True, default="0"),
        "durationSeconds": Input(choices=("4", "6", "8"), default="8"),
    },
    "chetwinlow1/ovi": {
        "inputImage": Input(file=True),
        "prompt": Input(required=True),
        "negativePrompt": Input(),
        "audioNegativePrompt": Input(),
        "resolution": Input(
            choices=(
                "default",
                "512x992",
                "992x512",
                "960x512",
                "512x960",
                "720x720",
                "448x1120",
                "1120x448",
            ),
            default="default",
        ),
        "steps": Input(number=True, default="30"),
        "seed": Input(default="0"),
    },
}


class Task:
    """One task, as the clock moves it."""

    def __init__(
        self,
        *,
        id: int,
        model: str,
        parameters: Mapping[str, str],
        callback_url: str,
        at: float,
        seconds: float,
        fate: str,
        engine: Mapping[str, Any],
    ) -> None:
        """`seconds` from `at` (Unix) to the end; `fate`: one of `faults.FATES`, or ""."""
        self.id = id
        self.token = "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(30))
        self.accesskey = "-".join(secrets.token_hex(4) for _ in range(8))
        self.model = model
        self.parameters = dict(parameters)
        self.callback_url = callback_url
        self.fate = fate
        self.cancelled: float | None = None
        self.deleted = False
        self._at = at
        self._seconds = seconds
        self._engine = dict(engine)

    def status(self, now: float) -> str:
        """As the protocol names it."""
        if self.cancelled is not None:
            return "task_cancel"
        if now >= self._end:
            return "task_postprocess_end"
        return "task_start" if now >= self._start else "task_queue"

    def is_over(self, now: float) -> bool:
        """Whether nothing happens to it any more."""
        return self.status(now) in _OVER

    def made_it(self, now: float) -> bool:
        """Whether it has ended well."""
        return self.status(now) == "task_postprocess_end" and not self.fate

    def shown(self, now: float, base_url: str, size: int) -> dict[str, Any]:
        """The task object, field by field as Understudy renders it. `size`: bytes of its clip."""
        status = self.status(now)
        ended = status == "task_postprocess_end"
        work = self._end - self._start if ended else 0.0
        started = _seconds(self._start) if now >= self._start else "0"
        end = _seconds(self._end) if ended else "0"
        owner, _, slug = self.model.partition("/")
        has_clip = self.made_it(now) and not self.deleted
        return {
            "id": str(self.id),
            "uuid": self.token[:16],
            "name": "",
            "socketaccesstoken": self.token,
            "parameters": self.parameters,
            "debugoutput": "",
            "debugerror": _REASONS.get(self.fate, "") if ended else "",
            "starttime": started,
            "endtime": end,
            "elapsedseconds": f"{work:.4f}",
            "status": status,
            "cps": f"{CPS:.12f}",
            "totalcost": f"{work * CPS:.12f}" if self.made_it(now) else "0",
            "guestid": None,
            "projectid": "1",
            "modelid": "1",
            "description": "",
            "basemodelid": "0",
            "runtype": "model",
            "modelfolderid": "",
            "modelfileid": "",
            "callbackurl": self.callback_url,
            "marketplaceid": None,
            "createtime": _seconds(self._at),
            "canceltime": _seconds(self.cancelled) if self.cancelled is not None else "0",
            "assigntime": started,
            "accepttime": started,
            "preprocessstarttime": started,
            "preprocessendtime": started,
            "postprocessstarttime": end,
            "postprocessendtime": end,
            "pexit": ("1" if self.fate else "0") if ended else "",
            "categories": "[]",
            "outputs": [self._output(base_url, size)] if has_clip else [],
            "size": str(size) if has_clip else "0",
            "modeldescription": "",
            "modelslugowner": owner,
            "modelslugproject": slug,
            "engine": self._engine if ended else {},
        }

    @property
    def _start(self) -> float:
        return self._at + _QUEUED * self._seconds

    @property
    def _end(self) -> float:
        return self._at + self._seconds * (0.5 if self.fate == "fails" else 1.0)

    def _output(self, base_url: str, size: int) -> dict[str, Any]:
        return {
            "id": self.accesskey[:8],
            "name": "0.mp4",
            "contenttype": "video/mp4",
            "parentid": "",
            "uuid": self.accesskey[:8],
            "size": str(size),
            "addedtime": _seconds(self._end),
            "modifiedtime": _seconds(self._end),
            "accesskey": self.accesskey,
            "foldercount": "0",
            "filecount": "0",
            "ispublic": 0,
            "expiretime": None,
            "url": f"{base_url}/{self.accesskey}/0.mp4",
        }


_REASONS = {
    "fails": "The worker ran out of memory.",
    "filtered": "The result was withheld: it is against the rules.",
}


def checked(
    model: str, fields: Mapping[str, Any], files: Mapping[str, Sequence[tuple[str, bytes]]], base_url: str
) -> dict[str, str]:
    """The inputs of a run as its task shows them, defaults filled in. Raises `Refused` in the protocol's words."""
    inputs = MODELS.get(model)
    if inputs is None:
        raise Refused("slug-owner-project-not-exist", 1)
    shown = {}
    for name, each in inputs.items():
        if each.file:
            given = files.get(name, ())
            if any(not content.startswith(PICTURES) for _, content in given):
                raise Refused("Request parameters are invalid.")
            if given:
                shown[name] = f"{base_url}/v1/File/{secrets.token_hex(8)}/{given[0][0]}"
            elif str(fields.get(name, "")).startswith(("http://", "https://")):
                shown[name] = str(fields[name])
            continue
        value = str(fields.get(name, ""))
        if each.required and not value.strip():
            raise Refused(f"Request parameter [{name}] required")
        if value and each.choices and value not in each.choices:
            raise Refused(f"Request parameter [{name}] must be one of {', '.join(each.choices)}")
        if value and each.number and not value.lstrip("-").isdecimal():
            raise Refused(f"Request parameter [{name}] must be integer or float")
        shown[name] = value or each.default
    return shown


def _seconds(time: float) -> str:
    return str(int(time))
