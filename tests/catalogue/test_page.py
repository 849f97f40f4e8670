"""The pages against the reference documents, word for word, and with every difference named."""

import json
import re
from pathlib import Path

import pytest

from understudy.catalogue import Input, Model, load_catalogue, page

DOCUMENTS = Path(__file__).parent.parent / "data" / "pages"
HOSTS = {
    "https://api.wiro.ai": "https://clips.example",
    "https://cdn.wiro.ai": "https://files.example",
    "https://cdn1.wiro.ai": "https://files.example",
}

CATEGORIES = (
    '"categories": "["tool","image-to-image","quick-showcase","compare-landscape"]"',
    r'"categories": "[\"tool\",\"image-to-image\",\"quick-showcase\",\"compare-landscape\"]"',
)
"""Printed as invalid JSON in the answers of Kill and Cancel; ours is a valid JSON string."""

DETECTIVE = (
    r""""prompt": "A tight, gritty close-up on a detective\\'s face""",
    r""""prompt": "A tight, gritty close-up on a detective'\''s face""",
)
EVIDENCE = (
    r"""\\\"Where\\'s the evidence?\\\";""",
    r"""\"Where'\''s the evidence?\";""",
)
"""The Veo document's Run command ends at its first apostrophe; ours quotes it for the shell, and leaves out the
backslashes that the document would send to the model."""

DIFFERENCES = {
    "chetwinlow1-ovi": {CATEGORIES: 2},
    "google-veo3-1": {CATEGORIES: 2, DETECTIVE: 1, EVIDENCE: 1},
    "openai-sora-2-pro": {CATEGORIES: 2},
}
"""By document: (its words, ours) and how often."""

MODELS = {f"{model.owner}-{model.slug}": model for model in load_catalogue().models}


def ours(model: Model) -> str:
    return page(model, api="https://clips.example", files="https://files.example")


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_page_is_the_reference_document_word_for_word(name: str) -> None:
    expected = (DOCUMENTS / f"{name}.txt").read_text("utf-8")
    for host, replacement in HOSTS.items():
        expected = expected.replace(host, replacement)
    for (theirs, replacement), times in DIFFERENCES[name].items():
        assert expected.count(theirs) == times
        expected = expected.replace(theirs, replacement)
    assert " ".join(ours(MODELS[name]).split()) == expected


def test_every_document_is_compared() -> None:
    assert sorted(each.stem for each in DOCUMENTS.iterdir()) == sorted(MODELS) == sorted(DIFFERENCES)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_answer_on_a_page_is_valid_json(name: str) -> None:
    answers = [
        json.loads(block) for block in re.findall(r"```json\n(.*?)\n```", ours(MODELS[name]), re.DOTALL)
    ]
    assert [list(answer)[-1] for answer in answers] == ["result"] * 4
    killed = answers[2]["tasklist"][0]
    assert json.loads(killed["categories"])[0] == "tool"


def test_a_page_reads_as_lines() -> None:
    text = ours(MODELS["google-veo3-1"])
    lines = text.splitlines()
    assert text.endswith(".\n")
    assert lines[:3] == ["## Basic tool info", "", "Model name: google/veo3.1"]
    assert "  default:" in lines
    assert '    - value: "9:16"' in lines
    assert [line for line in lines if line.startswith("## ")][:3] == [
        "## Basic tool info",
        "## Model Inputs:",
        "## Model Parameter Inspires:",
    ]
    assert all(line == line.rstrip() for line in lines)


def test_the_escapes_of_veos_document_are_on_its_page_and_not_in_its_prompt() -> None:
    veo = MODELS["google-veo3-1"]
    prompt = veo.input("prompt")
    assert prompt is not None
    assert "a detective's face" in str(prompt.default)
    assert r"a detective\'s face" in ours(veo)
    assert "\\" not in str(prompt.default) + "".join(inspire["prompt"] for inspire in veo.inspires)


def test_further_lines_of_a_text_cannot_pass_for_parts_of_the_page() -> None:
    model = Model(
        owner="a", slug="b", inputs=(Input(id="x", type="textarea", default="one\n## Two\n```bash\nthree"),)
    )
    lines = ours(model).splitlines()
    assert lines.count("  default: one") == 1
    assert "    ## Two" in lines
    assert lines.count("```bash") == 7


def test_a_model_without_cover_categories_and_inspires() -> None:
    text = ours(Model(owner="a", slug="b", description="Plain"))
    assert "Model cover:\nRun Task Endpoint" in text
    assert "Inspires" not in text
    assert "Model name: a/b" in text
