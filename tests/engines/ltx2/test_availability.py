"""What the server learns of the engine without loading it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.ltx2.jobs import tiny_options
from understudy.catalogue.loader import load_catalogue
from understudy.engines.cards import has_card
from understudy.engines.ltx2 import engine
from understudy.engines.ltx2.availability import needed
from understudy.engines.ltx2.options import read_options

ASKED = """
import sys
from pathlib import Path
from understudy.engines.ltx2 import engine
from understudy.engines.mappings.ltx2 import request_for
options = engine.defaults(Path('/nowhere'))
assert not engine.availability(options).ok
class Contract:
    address, input_ids = "a/b", ("prompt",)
assert engine.labels(options) and engine.treats(Contract, options) and engine.plays(Contract)
heavy = {"av", "diffusers", "huggingface_hub", "numpy", "PIL", "safetensors", "tokenizers", "torch", "transformers"}
print(heavy & sys.modules.keys())
"""


def test_nothing_heavy_is_imported_by_asking() -> None:
    done = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_what_it_says_of_itself() -> None:
    assert (engine.name, engine.preview, engine.gpus, engine.memory_gb) == ("ltx2", False, 1, 70)


def test_it_plays_what_has_a_prompt() -> None:
    models = load_catalogue().models
    assert models
    assert all(engine.plays(model) for model in models)

    class Silent:
        address = "acme/upscaler"
        input_ids = ("inputVideo", "scale")

    assert not engine.plays(Silent())


def test_what_is_missing_is_named_and_what_to_do(tmp_path: Path) -> None:
    answer = engine.availability(engine.defaults(tmp_path))
    assert not answer.ok
    assert "no weights" in answer.reason
    assert f'--local-dir "{tmp_path / "weights" / "ltx2"}"' in answer.remedy
    assert "LTX-2 Community License" in answer.remedy


def test_with_weights_it_plays_on_a_cpu_only_if_told_to(weights: Path) -> None:
    options = tiny_options(weights)
    answer = engine.availability(options)
    assert answer.ok
    assert "LTX-2 Community License" in answer.remedy
    if not has_card():
        for device in ("auto", "cuda"):
            without = engine.availability({**options, "device": device})
            assert not without.ok
            assert "no NVIDIA card" in without.reason


def test_offload_needs_one_package_more(weights: Path) -> None:
    resident, offload = (
        needed(read_options(tiny_options(weights, memory=memory))) for memory in ("resident", "offload")
    )
    assert set(offload) - set(resident) == {"accelerate"}


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"memory": "small"}, "memory"),
        ({"dtype": "float8"}, "dtype"),
        ({"steps": 1}, "steps"),
        ({"guidance": 0.5}, "guidance"),
        ({"max_pixels": 100}, "max_pixels"),
        ({"max_seconds": 60}, "max_seconds"),
        ({"stpes": 3}, "stpes"),
    ],
)
def test_wrong_settings_are_named(weights: Path, wrong: dict[str, object], word: str) -> None:
    answer = engine.availability({**tiny_options(weights), **wrong})
    assert not answer.ok
    assert word in answer.reason
    assert "[engine.ltx2]" in answer.remedy


def test_options_of_the_executor_are_left_to_it(weights: Path) -> None:
    more = {"replicas": 2, "persistent": False, "devices": ["0"], "gpus": 1}
    assert engine.availability(tiny_options(weights, **more)).ok


def test_answers_say_which_weights_and_no_folder_of_this_machine() -> None:
    assert engine.labels({"weights": "/srv/models/ltx-2.3"}) == {"weights": "ltx-2.3"}
    assert engine.labels({"weights": "Lightricks/LTX-2"}) == {"weights": "Lightricks/LTX-2"}
