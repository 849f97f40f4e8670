"""What the server learns of the engine without loading it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.ovi.tiny_weights import tiny_options
from understudy.engines.cards import has_card
from understudy.engines.ovi import engine


def test_nothing_heavy_is_imported_by_asking() -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from understudy.engines.ovi import engine\n"
        "options = engine.defaults(Path('/nowhere'))\n"
        "assert not engine.availability(options).ok\n"
        "assert engine.labels(options)['preset'] == 'exact'\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {
        "torch",
        "numpy",
        "diffusers",
        "transformers",
        "tokenizers",
        "safetensors",
        "PIL",
        "av",
    }


def test_what_is_missing_is_named_and_what_to_do(tmp_path: Path) -> None:
    answer = engine.availability(engine.defaults(tmp_path))
    assert not answer.ok
    assert "Ovi/model.safetensors" in answer.reason
    assert "understudy weights pull ovi --variant 720x720_5s" in answer.remedy
    assert "NON-COMMERCIAL USE ONLY" in answer.remedy


def test_with_weights_it_plays_on_a_cpu_only_if_told_to(tmp_path: Path) -> None:
    options = tiny_options(tmp_path)
    answer = engine.availability(options)
    assert answer.ok
    assert "NON-COMMERCIAL USE ONLY" in answer.remedy  # the licence is told as long as it is used
    if not has_card():
        for device in ("auto", "cuda"):
            without = engine.availability({**options, "device": device})
            assert not without.ok
            assert "no NVIDIA card" in without.reason


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"variant": "1080p"}, "1080p"),
        ({"preset": "quick"}, "preset"),
        ({"memory": "small"}, "small"),
        ({"stpes": 3}, "stpes"),
        ({"gpus": 5}, "5 devices"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, wrong: dict[str, object], word: str) -> None:
    answer = engine.availability({**tiny_options(tmp_path), **wrong})
    assert not answer.ok
    assert word in answer.reason
    assert "[engine.ovi]" in answer.remedy


def test_the_answer_of_a_run_says_what_is_rounded() -> None:
    assert engine.labels({"preset": "fast"}) == {"preset": "fast", "variant": "720x720_5s"}
    assert engine.labels({"memory": "float8"})["memory"] == "float8"
