from collections.abc import Mapping

import msgspec
import pytest

from understudy.catalogue.manifest import Model
from understudy.engines.cast import Cast, Choice, Described, Tried
from understudy.engines.engine import Availability, LocalEngine
from understudy.errors import ConfigurationError

OVI = Model(owner="chetwinlow1", slug="ovi")
VEO = Model(owner="google", slug="veo3-1")


class Stage:
    """Engines whose availability is set here, and how often they were asked."""

    def __init__(self) -> None:
        self.absent: set[str] = set()
        self.asked: list[tuple[str, dict[str, object]]] = []
        self.now = 0.0
        self.engines = {name: self.engine(name) for name in ("ovi", "ltx2", "animatic")}

    def engine(self, name: str) -> LocalEngine:
        def availability(options: Mapping[str, object]) -> Availability:
            self.asked.append((name, dict(options)))
            if name in self.absent:
                return Availability(ok=False, reason=f"{name} has no card", remedy="Buy one.")
            return Availability(ok=True)

        plays_all = name != "ovi"
        return LocalEngine(
            name=name,
            version="1",
            preview=name == "animatic",
            pipeline="m:f",
            availability=availability,
            plays=lambda model: plays_all or model.address == OVI.address,
        )

    def cast(
        self, casting: Mapping[str, list[str]], options: Mapping[str, Mapping[str, object]] | None = None
    ) -> Cast:
        return Cast(self.engines, casting, options, fresh=5, clock=lambda: self.now)


@pytest.fixture
def stage() -> Stage:
    return Stage()


class TestChoose:
    def test_the_first_plays(self, stage: Stage) -> None:
        cast = stage.cast({"*": ["animatic"], OVI.address: ["ovi", "animatic"]})
        assert cast.choose(OVI) == Choice(stage.engines["ovi"])
        assert cast.choose(VEO) == Choice(stage.engines["animatic"])

    def test_the_next_plays_if_the_first_is_not_available(self, stage: Stage) -> None:
        stage.absent = {"ovi"}
        cast = stage.cast({OVI.address: ["ovi", "ltx2", "animatic"]})
        assert cast.choose(OVI) == Choice(stage.engines["ltx2"], (Tried("ovi", "ovi has no card"),))

    def test_an_engine_that_cannot_play_the_model_is_passed_over_unasked(self, stage: Stage) -> None:
        cast = stage.cast({"*": ["ovi", "animatic"]})
        assert cast.choose(VEO) == Choice(
            stage.engines["animatic"], (Tried("ovi", "It cannot play google/veo3-1."),)
        )
        assert [name for name, _ in stage.asked] == ["animatic"]

    def test_nobody_can(self, stage: Stage) -> None:
        stage.absent = {"ovi", "ltx2"}
        choice = stage.cast({"*": ["ovi", "ltx2"]}).choose(OVI)
        assert choice.engine is None
        assert [tried.engine for tried in choice.tried] == ["ovi", "ltx2"]

    def test_nobody_is_cast(self, stage: Stage) -> None:
        assert stage.cast({}).choose(OVI) == Choice(None)
        assert stage.cast({"*": ["animatic"], OVI.address: []}).choose(OVI) == Choice(None)

    @pytest.mark.parametrize("key", ["google/veo3-1", "Google/Veo3.1"])
    def test_addresses_are_compared_as_requests_spell_them(self, stage: Stage, key: str) -> None:
        assert stage.cast({key: ["ltx2"]}).of(VEO) == (stage.engines["ltx2"],)

    def test_a_name_twice_counts_once(self, stage: Stage) -> None:
        stage.absent = {"ltx2"}
        assert len(stage.cast({"*": ["ltx2", "ltx2"]}).choose(VEO).tried) == 1


class TestAvailability:
    def test_is_asked_with_the_engines_options(self, stage: Stage) -> None:
        cast = stage.cast({"*": ["animatic"]}, {"animatic": {"replicas": 2}})
        cast.choose(VEO)
        assert stage.asked == [("animatic", {"replicas": 2})]
        assert cast.options(stage.engines["animatic"]) == {"replicas": 2}
        assert cast.options(stage.engines["ovi"]) == {}

    def test_counts_for_a_few_seconds(self, stage: Stage) -> None:
        cast = stage.cast({"*": ["ltx2", "animatic"]})
        cast.choose(VEO)
        stage.absent = {"ltx2"}
        stage.now = 4.9
        assert cast.choose(VEO).engine == stage.engines["ltx2"]
        assert len(stage.asked) == 1
        stage.now = 5.0
        assert cast.choose(VEO).engine == stage.engines["animatic"]

    def test_an_engine_that_fails_to_answer_is_not_available(self, stage: Stage) -> None:
        def fail(_: object) -> Availability:
            raise RuntimeError("/secret/path")

        stage.engines["ltx2"] = msgspec.structs.replace(stage.engines["ltx2"], availability=fail)
        choice = stage.cast({"*": ["ltx2", "animatic"]}).choose(VEO)
        assert choice.engine == stage.engines["animatic"]
        assert choice.tried == (Tried("ltx2", "It could not say whether it is available (RuntimeError)."),)

    def test_an_engine_that_fails_to_say_what_it_plays_plays_nothing(self, stage: Stage) -> None:
        def fail(_: object) -> bool:
            raise RuntimeError("x")

        stage.engines["ltx2"] = msgspec.structs.replace(stage.engines["ltx2"], plays=fail)
        assert stage.cast({"*": ["ltx2", "animatic"]}).choose(VEO).engine == stage.engines["animatic"]


class TestLabels:
    def test_are_asked_with_the_engines_options_and_are_text(self, stage: Stage) -> None:
        def labels(options: Mapping[str, object]) -> Mapping[str, str]:
            return {"preset": str(options["preset"]), "steps": 50}  # type: ignore[dict-item]

        stage.engines["ovi"] = msgspec.structs.replace(stage.engines["ovi"], labels=labels)
        cast = stage.cast({}, {"ovi": {"preset": "fast"}})
        assert cast.labels(stage.engines["ovi"]) == {"preset": "fast", "steps": "50"}
        assert cast.labels(stage.engines["ltx2"]) == {}

    @pytest.mark.parametrize("answer", [None, "text", 7])
    def test_that_are_none_are_left_out(
        self, stage: Stage, answer: object, caplog: pytest.LogCaptureFixture
    ) -> None:
        wrong = msgspec.structs.replace(stage.engines["ovi"], labels=lambda _: answer)  # type: ignore[arg-type, return-value]
        assert stage.cast({}).labels(wrong) == {}
        assert "Engine ovi did not say its labels" in caplog.text


def test_a_row_for_every_engine(stage: Stage) -> None:
    stage.absent = {"ovi"}
    cast = stage.cast({"*": ["animatic", "ovi"], OVI.address: ["ovi", "animatic"]})
    assert cast.describe([OVI, VEO]) == (
        Described(
            name="animatic",
            version="1",
            preview=True,
            available=True,
            reason="",
            remedy="",
            models=(OVI.address, VEO.address),
        ),
        Described(name="ltx2", version="1", preview=False, available=True, reason="", remedy="", models=()),
        Described(
            name="ovi",
            version="1",
            preview=False,
            available=False,
            reason="ovi has no card",
            remedy="Buy one.",
            models=(OVI.address,),
        ),
    )
    assert {engine.name for engine in cast.engines} == {"animatic", "ltx2", "ovi"}


@pytest.mark.parametrize(
    ("casting", "options", "key"),
    [({"google/veo3-1": ["ovi2"]}, {}, "cast.google/veo3-1"), ({}, {"ovi2": {}}, "engines.ovi2")],
)
def test_unknown_engines(
    stage: Stage, casting: dict[str, list[str]], options: dict[str, dict[str, object]], key: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        stage.cast(casting, options)
    assert str(caught.value) == f"{key}: there is no engine 'ovi2'; the engines are: animatic, ltx2, ovi"


def test_engines_that_run_elsewhere_are_asked_nothing_here_until_they_are_doubted(stage: Stage) -> None:
    stage.absent = {"ovi"}
    casting = {"*": ["ovi", "animatic"]}
    cast = Cast(stage.engines, casting, elsewhere=True, clock=lambda: stage.now)
    assert cast.choose(OVI) == Choice(stage.engines["ovi"])
    cast.doubt(stage.engines["ovi"], "No node has a card.")
    assert cast.choose(OVI) == Choice(stage.engines["animatic"], (Tried("ovi", "No node has a card."),))
    stage.now = 61.0
    assert cast.choose(OVI) == Choice(stage.engines["ovi"])
    assert stage.asked == []


class TestRevise:
    def test_comes_before_the_settings_until_the_next_revision(self, stage: Stage) -> None:
        cast = stage.cast({"*": ["animatic"], OVI.address: ["ovi"]})
        cast.revise({"Chetwinlow1/OVI": ["ltx2", "animatic", "ltx2"], VEO.address: []})
        assert cast.of(OVI) == (stage.engines["ltx2"], stage.engines["animatic"])
        assert cast.choose(VEO) == Choice(None)
        assert cast.configured(OVI) == (stage.engines["ovi"],)
        assert cast.configured(VEO) == (stage.engines["animatic"],)
        cast.revise({VEO.address: ["ltx2"]})
        assert (cast.of(OVI), cast.of(VEO)) == ((stage.engines["ovi"],), (stage.engines["ltx2"],))
        cast.revise({})
        assert cast.of(VEO) == cast.configured(VEO)

    def test_what_engines_answer_elsewhere_comes_before_what_they_answer_here(self, stage: Stage) -> None:
        stage.absent = {"ovi"}
        cast = stage.cast({"*": ["ltx2", "ovi"]})
        there = {"ovi": Availability(ok=True), "ltx2": Availability(ok=False, reason="no weights")}
        tried = (Tried("ltx2", "no weights"),)
        assert cast.choose(OVI, answers=there) == Choice(stage.engines["ovi"], tried)
        assert stage.asked == []
        cast.revise({}, ["ovi"])
        assert cast.choose(OVI, answers=there).tried[1].reason == "An operator has drained it."
        cast.revise({})
        assert cast.choose(OVI, answers={}).tried[0].reason == "No process that runs tasks knows it."
        assert cast.choose(OVI) == Choice(stage.engines["ltx2"])

    def test_a_drained_engine_is_passed_over_unasked(self, stage: Stage) -> None:
        cast = stage.cast({"*": ["ltx2", "animatic"]})
        assert cast.choose(OVI).engine == stage.engines["ltx2"]
        cast.revise({}, ["ltx2"])
        stage.asked.clear()
        drained = Tried("ltx2", "An operator has drained it.")
        assert cast.choose(OVI) == Choice(stage.engines["animatic"], (drained,))
        assert [name for name, _ in stage.asked] == ["animatic"]
        assert cast.describe([])[1].remedy == "Resume it on the page Engines."
        cast.revise({})
        assert cast.choose(OVI).engine == stage.engines["ltx2"]

    def test_also_where_nobody_here_can_answer_for_it(self, stage: Stage) -> None:
        cast = Cast(stage.engines, {"*": ["ovi", "animatic"]}, elsewhere=True, clock=lambda: stage.now)
        cast.revise({}, ["ovi"])
        assert cast.choose(OVI).engine == stage.engines["animatic"]

    def test_engines_that_there_are_not(self, stage: Stage) -> None:
        cast = stage.cast({"*": ["ltx2"]})
        for casting, drained in (({VEO.address: ["ovi2"]}, ()), ({}, ("ovi2",))):
            with pytest.raises(KeyError):
                cast.revise(casting, drained)
        assert cast.of(VEO) == (stage.engines["ltx2"],)


def test_who_could_play_a_model(stage: Stage) -> None:
    cast = stage.cast({})
    assert [engine.name for engine in cast.able(VEO)] == ["animatic", "ltx2"]
    assert [engine.name for engine in cast.able(OVI)] == ["animatic", "ltx2", "ovi"]
