import msgspec
import pytest

from tests.catalogue.runs import Runs
from understudy.catalogue import Catalogue, load_catalogue


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def found(catalogue: Catalogue, text: str = "", **filters: object) -> list[str]:
    total, models = catalogue.search(text, **filters)  # type: ignore[arg-type]
    assert total >= len(models)
    return [model.slug for model in models]


@pytest.mark.parametrize("slug", ["veo3-1", "veo3.1", "VEO3-1", "Veo3.1"])
def test_a_model_is_found_in_every_spelling_of_its_slug(catalogue: Catalogue, slug: str) -> None:
    model = catalogue.find("Google", slug)
    assert model is not None
    assert model.address == "google/veo3-1"


@pytest.mark.parametrize(
    "address", [("google", "veo"), ("openai", "veo3-1"), ("", ""), ("google", "../veo3-1")]
)
def test_an_unknown_address_finds_nothing(catalogue: Catalogue, address: tuple[str, str]) -> None:
    assert catalogue.find(*address) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../models/google/veo3-1.toml",
        "/etc/passwd",
        "google-veo31-input-1.jpg/",
        "GOOGLE-VEO31-INPUT-1.JPG",
    ],
)
def test_only_bare_names_of_samples_lead_to_files(catalogue: Catalogue, name: str) -> None:
    assert catalogue.sample(name) is None
    assert not catalogue.has_sample(name)


def test_search_takes_every_word_from_wherever_it_is(catalogue: Catalogue) -> None:
    assert found(catalogue) == ["ovi", "veo3-1", "sora-2-pro"]
    assert found(catalogue, "OpenAI") == ["sora-2-pro"]
    assert found(catalogue, "video audio") == ["ovi"]
    assert found(catalogue, "video nowhere") == []


def test_search_filters(catalogue: Catalogue) -> None:
    assert found(catalogue, categories=["persistent", "google"]) == ["ovi", "veo3-1"]
    assert found(catalogue, tags=["google"]) == ["veo3-1"]
    assert found(catalogue, owner="OpenAI") == ["sora-2-pro"]
    assert found(catalogue, owner="open") == []


def test_search_pages(catalogue: Catalogue) -> None:
    total, models = catalogue.search(start=1, limit=1, order="DESC")
    assert (total, [model.slug for model in models]) == (3, ["veo3-1"])
    assert catalogue.search(start=9) == (3, [])
    assert catalogue.search(start=-1, limit=-1) == (3, [])


def test_relevance_puts_names_before_descriptions(catalogue: Catalogue) -> None:
    # Ovi calls itself "veo-3 like".
    assert found(catalogue, "veo", sort="relevance") == ["veo3-1", "ovi"]
    assert found(catalogue, "veo", sort="relevance", order="DESC") == ["veo3-1", "ovi"]


def test_time_is_the_time_of_the_last_run(catalogue: Catalogue) -> None:
    stats = {"google/veo3-1": Runs(last_run=20.0), "chetwinlow1/ovi": Runs(last_run=10.0)}
    assert found(catalogue, sort="time", order="DESC", stats=stats) == ["veo3-1", "ovi", "sora-2-pro"]


def test_disabled_models_are_found_by_address_only() -> None:
    models = load_catalogue().models
    catalogue = Catalogue([msgspec.structs.replace(model, enabled=False) for model in models], {})
    assert catalogue.search() == (0, [])
    assert catalogue.explore() == ()
    assert catalogue.find("google", "veo3-1") is not None


def test_groups_have_the_models_of_their_category(catalogue: Catalogue) -> None:
    groups = {group.id: [model.slug for model in group.models] for group in catalogue.explore()}
    assert groups["hero-showcase"] == ["veo3-1", "sora-2-pro"]
    assert groups["persistent"] == ["ovi"]
    assert all(groups.values())


def test_what_comes_in_place_of_a_manifest_is_found_by_every_name_until_the_next_revision() -> None:
    catalogue = load_catalogue()
    before = catalogue.models
    veo, sora = catalogue.named("google/veo3-1"), catalogue.named("openai/sora-2-pro")
    assert veo is not None
    assert sora is not None
    other = msgspec.structs.replace(veo, enabled=False, aliases=("koala",))
    catalogue.revise([other])
    assert [catalogue.find("Google", "veo3.1"), catalogue.named("KOALA")] == [other, other]
    assert catalogue.named(veo.aliases[0]) is None
    assert [model.address for model in catalogue.models] == [model.address for model in before]
    assert found(catalogue) == ["ovi", "sora-2-pro"]
    assert other not in [model for group in catalogue.explore() for model in group.models]
    assert catalogue.manifest("Google", "veo3.1") is veo
    catalogue.revise([msgspec.structs.replace(sora, enabled=False)])
    assert catalogue.named(veo.aliases[0]) is veo
    assert found(catalogue) == ["ovi", "veo3-1"]
    catalogue.revise([])
    assert catalogue.models == before


def test_a_model_without_a_manifest_is_not_put_in() -> None:
    catalogue = load_catalogue()
    before = catalogue.models
    stranger = msgspec.structs.replace(before[0], slug="stranger")
    with pytest.raises(KeyError):
        catalogue.revise([stranger])
    assert catalogue.models == before
