"""The benchmark's own way through the code, with the small model: so that it runs when a card is at hand."""

import contextlib
import io
import json
from pathlib import Path

import msgspec
import pytest
from benchmarks.ovi.__main__ import main
from benchmarks.ovi.cell import Cell
from benchmarks.ovi.goals import figures

from tests.engines.ovi.tiny_weights import SHORT, config_with_short


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """What is said of three presets. Slow: each is a whole run, a decoding, and three runs that are stopped."""
    folder = tmp_path_factory.mktemp("benchmark")
    config, out, said = folder / "ovi.json", folder / "cells.jsonl", io.StringIO()
    config.write_bytes(msgspec.json.encode(config_with_short()))
    asked = [
        "--tiny",
        "--config",
        str(config),
        "--variant",
        SHORT,
        "--preset",
        "fast",
        "draft",
        "--out",
        str(out),
    ]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
        assert main(asked) == 0
    assert out.read_text() == said.getvalue()
    return out.read_bytes().splitlines()


@pytest.fixture(scope="module")
def cells(lines: list[bytes]) -> list[Cell]:
    return [msgspec.json.decode(line, type=Cell, strict=True) for line in lines]


def test_each_preset_is_a_line(cells: list[Cell], lines: list[bytes]) -> None:
    assert [each.preset for each in cells] == ["exact", "fast", "draft"]
    assert set(json.loads(lines[0])) == set(Cell.__struct_fields__)


def test_a_run_was_measured(cells: list[Cell]) -> None:
    for cell in cells:
        assert cell.frames == 5
        assert cell.words == 32
        assert 0 < cell.step.fastest <= cell.step.median <= cell.step.slowest <= cell.loop
        assert cell.loop <= cell.denoise.seconds < cell.total
        parts = (cell.text, cell.denoise, cell.sound, cell.video)
        assert all(each.seconds > 0 for each in parts)
        assert sum(each.seconds for each in parts) <= cell.total
        assert 0 < cell.cancel.returned <= cell.cancel.idle


def test_presets_are_told_by_their_difference_from_the_exact_run(cells: list[Cell]) -> None:
    exact, *others = cells
    assert exact.errors is None
    for other in others:
        assert other.errors is not None
        assert 0 <= other.errors.video < 1
        assert 0 <= other.errors.audio < 1
    draft = others[-1].errors
    assert draft is not None
    assert draft.video > 0  # the last steps were not guided


def test_shares_are_of_what_was_measured(cells: list[Cell]) -> None:
    for cell in cells:
        arithmetic, rates = cell.arithmetic, cell.rates
        whole = (arithmetic.step_linear + arithmetic.step_attention) * cell.steps
        assert arithmetic.achieved == pytest.approx(whole / cell.loop)
        assert arithmetic.of_matmul_rate == pytest.approx(arithmetic.achieved / rates.matmul)
        ideal = arithmetic.step_linear / rates.matmul + arithmetic.step_attention / rates.attention
        assert arithmetic.of_rates == pytest.approx(ideal * cell.steps / cell.loop)


def test_goals_are_for_a_card(cells: list[Cell]) -> None:
    assert figures(cells) == []


def test_goals_are_told_of_the_exact_preset(cells: list[Cell]) -> None:
    card = msgspec.structs.replace(cells[0].machine, device="a card", memory_bytes=1)
    arithmetic = msgspec.structs.replace(cells[0].arithmetic, of_bound=0.7)
    changed = [
        msgspec.structs.replace(
            each, machine=card, arithmetic=arithmetic, variant="720x720_5s", steps=50, loop=46.0
        )
        for each in cells
    ]
    reached = {each.what: each.reached for each in figures(changed)}
    assert reached["720x720_5s: loop, share of the bfloat16 bound"]
    assert not reached["720x720_5s: loop"]
    assert len(reached) == len(figures(changed))  # one cell of the three


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--tiny", "--against", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "ovi_fusion_engine.py" in said
    assert "github.com/character-ai/Ovi" in said


def test_a_checkout_that_has_changed_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its engine imports what is not there: the other process says so, and its words come through.

    Slow, because that process imports torch and diffusers.
    """
    (tmp_path / "ovi").mkdir()
    (tmp_path / "ovi" / "ovi_fusion_engine.py").write_text("from ovi.elsewhere import OviFusionEngine\n")
    assert main(["--tiny", "--against", str(tmp_path)]) == 2
    assert "not as expected: ovi.ovi_fusion_engine cannot be imported" in capsys.readouterr().err
