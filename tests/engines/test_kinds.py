import msgspec
import pytest

from understudy.engines.cast import Cast
from understudy.engines.engine import Availability, Engine, LocalEngine, RemoteEngine
from understudy.engines.kinds import instances, own_options
from understudy.errors import ConfigurationError

LOCAL = LocalEngine(name="mine", version="1", pipeline="m:f", gpus=1)
REMOTE = RemoteEngine(
    name="videos",
    version="2",
    partner="m:f",
    availability=lambda options: Availability(ok="base_url" in options, reason="No address."),
)
ENGINES: dict[str, Engine] = {"mine": LOCAL, "videos": REMOTE}


@pytest.mark.parametrize("kind", [LOCAL, REMOTE])
def test_a_copy_under_a_name_of_its_own(kind: Engine) -> None:
    made = instances(ENGINES, {"gpu_box": {"kind": kind.name}, "videos": {"base_url": "x"}})
    assert made == {**ENGINES, "gpu_box": msgspec.structs.replace(kind, name="gpu_box")}
    assert type(made["gpu_box"]) is type(kind)


def test_engines_without_a_kind_stay_as_they_are() -> None:
    assert instances(ENGINES, {"unknown": {"a": 1}}) == ENGINES


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("gpu_box", "video", "engine.gpu_box.kind: there is no kind 'video'; the kinds are: mine, videos"),
        ("gpu_box", 7, "engine.gpu_box.kind: must be text in quotes"),
        (
            "mine",
            "videos",
            "engine.mine.kind: mine is an engine already; give the second videos a name of its own",
        ),
    ],
)
def test_what_is_refused(name: str, kind: object, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        instances(ENGINES, {name: {"kind": kind}})
    assert str(caught.value) == message


def test_a_copy_is_no_kind() -> None:
    with pytest.raises(ConfigurationError, match="there is no kind 'gpu_box'"):
        instances(ENGINES, {"gpu_box": {"kind": "videos"}, "second": {"kind": "gpu_box"}})


def test_each_copy_has_its_own_options_and_what_the_server_reads_is_not_among_them() -> None:
    options = {
        "gpu_box": {"kind": "videos", "base_url": "http://a", "ends": "2026-11-17"},
        "other": {"kind": "videos"},
    }
    cast = Cast(instances(ENGINES, options), {"*": ["other", "gpu_box"]}, options)
    rows = {row.name: row for row in cast.describe(())}
    assert [(row.name, row.kind, row.remote, row.available) for row in rows.values()] == [
        ("gpu_box", "videos", True, True),
        ("mine", "", False, True),
        ("other", "videos", True, False),
        ("videos", "", True, False),
    ]
    assert str(rows["gpu_box"].ends) == "2026-11-17"
    found = {engine.name: cast.options(engine) for engine in cast.engines}
    assert found["gpu_box"] == {"base_url": "http://a", "name": "gpu_box"}
    assert (found["other"], found["mine"]) == ({"name": "other"}, {})
    assert own_options(options["gpu_box"]) == {"base_url": "http://a"}
