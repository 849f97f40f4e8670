"""Downloads from a hub that is a real server, with its faults."""

import hashlib
import json
from pathlib import Path

import huggingface_hub
import pytest

from tests.engines.ovi.weights.fake_hub import COMMIT, FakeHub
from understudy.engines.ovi.config import DEFAULT_VARIANT, REAL
from understudy.engines.ovi.weights.check import check
from understudy.engines.ovi.weights.hub import Hub, endpoint_of, token_of
from understudy.engines.ovi.weights.layout import missing
from understudy.engines.ovi.weights.pull import missing_files, pull
from understudy.engines.ovi.weights.sources import Source, sources_of
from understudy.errors import ConfigurationError, FetchFailed, StorageFailed

SOURCES = sources_of(REAL, DEFAULT_VARIANT)
OVI = SOURCES[0]


def content(source: Source) -> bytes:
    """300 kB that differ from file to file."""
    return hashlib.shake_128(source.here.encode()).digest(300_000)


def fill(hub: FakeHub) -> None:
    hub.files |= {(each.repository.name, each.path): content(each) for each in SOURCES}


def fetch(hub: FakeHub, folder: Path, *sources: Source, token: str = "", **options: object) -> list[float]:
    """Pulls, and returns the pauses between attempts."""
    pauses: list[float] = []
    with Hub(hub.url, token=token, timeout=5) as client:
        pull(folder, sources, client, pause=pauses.append, **options)  # type: ignore[arg-type]
    return pauses


def gets(hub: FakeHub) -> list[str]:
    return [each for each in hub.asked if each.startswith("GET /bytes")]


def test_everything_is_in_its_place_and_recorded(hub: FakeHub, tmp_path: Path) -> None:
    fill(hub)
    assert missing(tmp_path, DEFAULT_VARIANT) == SOURCES
    assert fetch(hub, tmp_path, *missing_files(tmp_path, [DEFAULT_VARIANT])) == []
    assert missing(tmp_path, DEFAULT_VARIANT) == ()
    for source in SOURCES:
        assert (tmp_path / source.here).read_bytes() == content(source)
    record = json.loads((tmp_path / "understudy-weights.json").read_bytes())
    assert record["Ovi/model.safetensors"] == {
        "repository": "chetwinlow1/Ovi",
        "commit": COMMIT,
        "size": 300_000,
        "sha256": hashlib.sha256(content(OVI)).hexdigest(),
    }
    assert sorted(record) == sorted(source.here for source in SOURCES)
    assert not list(tmp_path.rglob("*.partial"))


def test_what_is_there_is_not_fetched_again(hub: FakeHub, tmp_path: Path) -> None:
    fill(hub)
    fetch(hub, tmp_path, *SOURCES)
    (tmp_path / OVI.here).unlink()
    assert missing_files(tmp_path, [DEFAULT_VARIANT]) == (OVI,)
    wanted = missing_files(tmp_path, [DEFAULT_VARIANT, "960x960_5s"])
    assert [each.path for each in wanted] == ["model.safetensors", "model_960x960.safetensors"]


def test_the_fake_speaks_as_the_real_hub(hub: FakeHub, tmp_path: Path) -> None:
    fill(hub)
    path = huggingface_hub.hf_hub_download(
        OVI.repository.name, OVI.path, local_dir=tmp_path, endpoint=hub.url, token=False
    )
    assert Path(path).read_bytes() == content(OVI)


def test_a_broken_connection_goes_on_where_it_was(hub: FakeHub, tmp_path: Path) -> None:
    fill(hub)
    hub.breaks = [100_000]
    heard: list[int] = []
    fetch(hub, tmp_path, OVI, progress=lambda source, done, size: heard.append(done))
    assert (tmp_path / OVI.here).read_bytes() == content(OVI)
    assert [each.partition("bytes=")[2] for each in gets(hub)] == ["", "100000-"]
    assert heard == sorted(heard)
    assert (heard[0], heard[-1]) == (0, 300_000)


def test_an_interrupted_pull_goes_on_the_next_time(hub: FakeHub, tmp_path: Path) -> None:
    fill(hub)

    def stop(source: Source, done: int, size: int) -> None:
        if done > 50_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(hub, tmp_path, OVI, progress=stop)
    assert not (tmp_path / OVI.here).exists()
    (partial,) = tmp_path.rglob("*.partial")
    there = partial.stat().st_size
    assert there > 50_000
    fetch(hub, tmp_path, OVI)
    assert (tmp_path / OVI.here).read_bytes() == content(OVI)
    assert gets(hub)[-1].endswith(f"bytes={there}-")


def test_a_hub_without_ranges_starts_over(hub: FakeHub, tmp_path: Path) -> None:
    fill(hub)
    hub.breaks, hub.ranges = [100_000], False
    fetch(hub, tmp_path, OVI)
    assert (tmp_path / OVI.here).read_bytes() == content(OVI)


def test_a_busy_hub_is_waited_for_a_while(hub: FakeHub, tmp_path: Path) -> None:
    fill(hub)
    hub.busy = 2
    assert fetch(hub, tmp_path, OVI) == [2, 4]
    hub.busy = 5
    with pytest.raises(FetchFailed, match="HTTP 503"):
        fetch(hub, tmp_path, SOURCES[1])


def test_wrong_bytes_are_not_kept(hub: FakeHub, tmp_path: Path) -> None:
    fill(hub)
    hub.wrong = True
    with pytest.raises(FetchFailed, match="arrived damaged"):
        fetch(hub, tmp_path, OVI)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_that_changed_since_is_noticed(hub: FakeHub, tmp_path: Path) -> None:
    fill(hub)
    fetch(hub, tmp_path, *SOURCES)
    hashed = lambda: [  # noqa: E731
        each.file for each in check(tmp_path, DEFAULT_VARIANT, hashes=True) if "SHA-256" in each.message
    ]
    assert hashed() == []
    path = tmp_path / "Wan2.2-TI2V-5B" / "Wan2.2_VAE.pth"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert hashed() == ["Wan2.2-TI2V-5B/Wan2.2_VAE.pth"]


def test_a_full_disk_is_seen_beforehand(hub: FakeHub, tmp_path: Path) -> None:
    fill(hub)
    with pytest.raises(StorageFailed, match=r"has 1\.0 GB free; 0\.0 GB are to be downloaded"):
        fetch(hub, tmp_path, OVI, free=lambda _: 1_000_299_999)
    assert gets(hub) == []
    fetch(hub, tmp_path, OVI, free=lambda _: 1_000_300_000)


def test_a_folder_that_cannot_be_made_is_named(hub: FakeHub, tmp_path: Path) -> None:
    fill(hub)
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed, match="Not a directory"):
        fetch(hub, tmp_path / "file" / "weights", OVI)


@pytest.mark.parametrize(
    ("repository", "path", "revision", "said"),
    [
        ("chetwinlow1/Ovi", "gone.safetensors", "main", r"chetwinlow1/Ovi has no file gone\.safetensors"),
        ("chetwinlow1/Ovi", "model.safetensors", "v9", "has no revision 'v9'"),
        ("nobody/Ovi", "model.safetensors", "main", "does not exist .* or is not open to you"),
        ("hkchengrex/MMAudio", "ext_weights/v1-16.pth", "main", "accept its terms.*set HF_TOKEN"),
    ],
)
def test_a_refusal_says_what_to_do(
    hub: FakeHub, repository: str, path: str, revision: str, said: str
) -> None:
    fill(hub)
    hub.gated = {"hkchengrex/MMAudio"}
    with Hub(hub.url) as client, pytest.raises(FetchFailed, match=said):
        client.describe(repository, path, revision)


def test_the_token_opens_a_gated_repository_and_stays_at_the_hub(hub: FakeHub, tmp_path: Path) -> None:
    fill(hub)
    hub.gated = {OVI.repository.name}
    fetch(hub, tmp_path, OVI, token="hf_mine")
    assert hub.tokens == {None}


def test_a_moved_repository_is_followed(hub: FakeHub, tmp_path: Path) -> None:
    hub.files[("someone/Ovi", OVI.path)] = content(OVI)
    hub.moved[OVI.repository.name] = "someone/Ovi"
    fetch(hub, tmp_path, OVI)
    assert (tmp_path / OVI.here).read_bytes() == content(OVI)


def test_a_revision_is_asked_for_and_unknown_repositories_are_refused(hub: FakeHub, tmp_path: Path) -> None:
    fill(hub)
    fetch(hub, tmp_path, OVI, revisions={OVI.repository.name: COMMIT})
    assert hub.asked[0] == f"HEAD /chetwinlow1/Ovi/resolve/{COMMIT}/model.safetensors"
    with pytest.raises(ConfigurationError, match="No weights come from nobody/Ovi"):
        fetch(hub, tmp_path, OVI, revisions={"nobody/Ovi": "main"})


def test_no_network_is_said_plainly(tmp_path: Path) -> None:
    with Hub("http://127.0.0.1:9") as client, pytest.raises(FetchFailed, match=r"connection to .* failed"):
        pull(tmp_path, [OVI], client)


def test_a_page_that_is_no_hub_is_told_apart(hub: FakeHub) -> None:
    with (
        Hub(f"{hub.url}/page") as client,
        pytest.raises(FetchFailed, match="does not answer as a Hugging Face hub"),
    ):
        client.describe("a/b", "c")


def test_the_environment_names_hub_and_token(tmp_path: Path) -> None:
    assert endpoint_of({}) == "https://huggingface.co"
    assert endpoint_of({"HF_ENDPOINT": "https://mirror.example/"}) == "https://mirror.example"
    (tmp_path / "token").write_text("hf_kept\n")
    assert token_of({"HF_HOME": str(tmp_path)}) == "hf_kept"
    assert token_of({"HF_HOME": str(tmp_path), "HF_TOKEN": "hf_said"}) == "hf_said"
    assert token_of({"HF_HOME": str(tmp_path / "none")}) == ""


def test_a_small_model_is_not_pulled(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"a model of its own \(ovi\.json\)"):
        missing_files(folder, [DEFAULT_VARIANT])
