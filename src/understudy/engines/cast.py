"""The cast: which engines may play which model, in order of preference, and who of them can play it now.

The settings say so; what operators decide while the server runs comes before them (`Cast.revise`).
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec

from understudy.engines.addresses import canonical
from understudy.engines.engine import Availability, Contract, Engine, LocalEngine, RemoteEngine
from understudy.engines.kinds import KIND, own_options
from understudy.engines.retirement import end_dates
from understudy.engines.terms import TERMS, Terms, read_terms
from understudy.errors import ConfigurationError

EVERY_MODEL = "*"
DOUBT_SECONDS = 60.0

_DRAINED = Availability(
    ok=False, reason="An operator has drained it.", remedy="Resume it on the page Engines."
)
_UNHEARD = Availability(
    ok=False,
    reason="No process that runs tasks knows it.",
    remedy="Give all processes the same settings, and start them again.",
)

log = logging.getLogger(__name__)


class Tried(msgspec.Struct, frozen=True):
    """An engine that comes before the chosen one, and why it does not play."""

    engine: str
    reason: str


class Choice(msgspec.Struct, frozen=True):
    """Who plays, and who would have been preferred. No engine: nobody can; `tried` says why."""

    engine: Engine | None
    tried: tuple[Tried, ...] = ()


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """One engine, for operators."""

    name: str
    version: str
    kind: str = ""
    """The engine that it is a copy of, if it is one."""
    remote: bool = False
    """Whether it is somebody else's service."""
    preview: bool
    ends: date | None = None
    """The day on which it is retired, if the operator has set one."""
    available: bool
    reason: str
    remedy: str
    models: tuple[str, ...]
    """The addresses of the models that it is cast for and can play."""


class Cast:
    """Engines, the models they are cast for, and the options they run with."""

    def __init__(
        self,
        engines: Mapping[str, Engine],
        casting: Mapping[str, Sequence[str]],
        options: Mapping[str, Mapping[str, object]] | None = None,
        *,
        data: Path | None = None,
        elsewhere: bool = False,
        fresh: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`casting` maps a model's address, or "*" for all others, to names of engines, the best one first.

        `options` are by engine's name, and come before what engines take for themselves in the server's `data` folder.
        An engine's answer on whether it is available counts for `fresh` seconds. `elsewhere`: local engines run on other
        machines, so nobody here can answer for them; each counts as available until it is doubted.

        Raises `ConfigurationError` if an engine is named that does not exist.
        """
        given = options or {}
        for key, names in casting.items():
            for name in names:
                _must_exist(name, engines, f"cast.{key}")
        for name in given:
            _must_exist(name, engines, f"engines.{name}")
        self._engines = dict(engines)
        self._configured = _by_address(casting)
        self._casting = self._configured
        self._drained: frozenset[str] = frozenset()
        self._options = {
            name: _options(engine, given.get(name, {}), data) for name, engine in engines.items()
        }
        self._terms = {
            name: read_terms(name, given.get(name, {}))
            for name, engine in engines.items()
            if isinstance(engine, RemoteEngine)
        }
        self._kinds = {name: str(own[KIND]) for name, own in given.items() if KIND in own}
        self._ends = end_dates(given)
        self._elsewhere = elsewhere
        self._fresh = fresh
        self._clock = clock
        self._answers: dict[str, tuple[float, Availability]] = {}
        self._doubts: dict[str, tuple[float, str]] = {}

    @property
    def engines(self) -> tuple[Engine, ...]:
        """Every engine there is, cast or not."""
        return tuple(self._engines.values())

    def revise(self, casting: Mapping[str, Sequence[str]], drained: Collection[str] = ()) -> None:
        """Have these come before the settings, by address of a model; and have nothing played by the engines `drained`.

        What was said before in this way counts no more. Raises `KeyError` if an engine is named that does not exist.
        """
        named = {*drained, *(name for names in casting.values() for name in names)}
        if unknown := named - self._engines.keys():
            raise KeyError(unknown.pop())
        self._casting, self._drained = {**self._configured, **_by_address(casting)}, frozenset(drained)

    def of(self, model: Contract) -> tuple[Engine, ...]:
        """The engines cast for the model, the best one first; an empty casting means that nobody plays it."""
        return self._in(self._casting, model)

    def configured(self, model: Contract) -> tuple[Engine, ...]:
        """Those that the settings cast for the model."""
        return self._in(self._configured, model)

    @property
    def ends(self) -> Mapping[str, date]:
        """The end dates of the engines that have one, by name."""
        return self._ends

    def named(self, name: str) -> Engine | None:
        """The engine of that name, cast or not."""
        return self._engines.get(name)

    def able(self, model: Contract) -> tuple[Engine, ...]:
        """Every engine that can play the model, cast for it or not, by name."""
        return tuple(
            self._engines[name] for name in sorted(self._engines) if _plays(self._engines[name], model)
        )

    def choose(
        self,
        model: Contract,
        but_not: Collection[str] = (),
        answers: Mapping[str, Availability] | None = None,
    ) -> Choice:
        """The first engine cast for the model that can play it and is available now; those in `but_not` are passed over.

        `answers`: see `availability`.
        """
        tried = []
        for engine in self.of(model):
            if engine.name in but_not:
                continue
            if not _plays(engine, model):
                tried.append(Tried(engine.name, f"It cannot play {model.address}."))
                continue
            availability = self.availability(engine, answers)
            if availability.ok:
                return Choice(engine, tuple(tried))
            tried.append(Tried(engine.name, availability.reason))
        return Choice(None, tuple(tried))

    def options(self, engine: Engine) -> Mapping[str, object]:
        """What the operator set for the engine, and its own defaults."""
        return self._options.get(engine.name, {})

    def terms(self, engine: RemoteEngine) -> Terms:
        """How the operator wants it to be worked with."""
        return self._terms[engine.name]

    def labels(self, engine: Engine) -> dict[str, str]:
        """What the engine says of itself beyond its name; nothing if it fails to: no run depends on it."""
        try:
            return {str(name): str(value) for name, value in engine.labels(self.options(engine)).items()}
        except Exception:
            log.exception("Engine %s did not say its labels", engine.name)
            return {}

    def availability(self, engine: Engine, answers: Mapping[str, Availability] | None = None) -> Availability:
        """The engine's answer, at most `fresh` seconds old. One that fails to answer is not available, nor is a drained one.

        `answers`: what engines answer where they would run, by name, if that is not here.
        """
        if engine.name in self._drained:
            return _DRAINED
        return self._answer(engine) if answers is None else answers.get(engine.name, _UNHEARD)

    def answers(self) -> dict[str, Availability]:
        """What each engine answers here, by name; whether it is drained has no part in it."""
        return {name: self._answer(self._engines[name]) for name in sorted(self._engines)}

    def doubt(self, engine: Engine, reason: str) -> None:
        """Where it would run, it cannot: it is passed over for a minute."""
        self._doubts[engine.name] = (self._clock(), reason)

    def describe(self, models: Iterable[Contract]) -> tuple[Described, ...]:
        """A row for every engine, in the order of their names."""
        cast = [
            (model.address, engine.name)
            for model in models
            for engine in self.of(model)
            if _plays(engine, model)
        ]
        rows = []
        for name in sorted(self._engines):
            engine = self._engines[name]
            availability = self.availability(engine)
            rows.append(
                Described(
                    name=name,
                    version=engine.version,
                    kind=self._kinds.get(name, ""),
                    remote=isinstance(engine, RemoteEngine),
                    preview=engine.preview,
                    ends=self._ends.get(name),
                    available=availability.ok,
                    reason=availability.reason,
                    remedy=availability.remedy,
                    models=tuple(address for address, by in cast if by == name),
                )
            )
        return tuple(rows)

    def _answer(self, engine: Engine) -> Availability:
        now = self._clock()
        if self._elsewhere and isinstance(engine, LocalEngine):
            doubted, reason = self._doubts.get(engine.name, (now - DOUBT_SECONDS, ""))
            return Availability(ok=now - doubted >= DOUBT_SECONDS, reason=reason)
        asked, answer = self._answers.get(engine.name, (now, None))
        if answer is None or now - asked >= self._fresh:
            answer = self._ask(engine)
            self._answers[engine.name] = (now, answer)
        return answer

    def _in(self, casting: Mapping[str, tuple[str, ...]], model: Contract) -> tuple[Engine, ...]:
        names = casting.get(canonical(model.address))
        if names is None:
            names = casting.get(EVERY_MODEL, ())
        return tuple(self._engines[name] for name in names)

    def _ask(self, engine: Engine) -> Availability:
        try:
            return engine.availability(self.options(engine))
        except ConfigurationError as error:
            return Availability(ok=False, reason="It is not set up.", remedy=error.message)
        except Exception as error:
            log.exception("Engine %s did not say whether it is available", engine.name)
            return Availability(
                ok=False,
                reason=f"It could not say whether it is available ({type(error).__name__}).",
                remedy="The server's log has the cause.",
            )


def _options(engine: Engine, given: Mapping[str, object], data: Path | None) -> dict[str, object]:
    own = own_options(given)
    if isinstance(engine, RemoteEngine):
        # So that errors can name it: several engines of one kind are told apart by nothing else.
        own = {key: value for key, value in own.items() if key not in TERMS} | {"name": engine.name}
    return {**(engine.defaults(data) if data else {}), **own}


def _plays(engine: Engine, model: Contract) -> bool:
    try:
        return engine.plays(model)
    except Exception:
        log.exception("Engine %s did not say whether it plays %s", engine.name, model.address)
        return False


def _by_address(casting: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {canonical(key): tuple(dict.fromkeys(names)) for key, names in casting.items()}


def _must_exist(name: str, engines: Mapping[str, Engine], key: str) -> None:
    if name not in engines:
        known = ", ".join(sorted(engines)) or "none"
        raise ConfigurationError(f"{key}: there is no engine {name!r}; the engines are: {known}")
