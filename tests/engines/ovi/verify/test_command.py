"""The command as somebody types it."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.engines.ovi.golden import GOLDEN, WHOLE, needs_whole
from tests.engines.ovi.verify.folders import alter_json, copy, run
from understudy.engines.ovi.verify.__main__ import main


def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "understudy.engines.ovi.verify", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_what_lies_in_the_clone_is_verified() -> None:
    """Slow, because another process imports torch, diffusers and transformers."""
    done = command(str(GOLDEN))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[-1].endswith(" s.")
    assert "skipped" not in lines[-1]
    [first] = (line for line in lines if line.split()[:1] == ["fusion/t2v"])
    what, kind, error, tolerance, verdict = first.split()[1:]
    assert what.startswith("out_")
    assert (kind, tolerance, verdict) == ("rel", "1.0e-05", "ok")
    assert 0 < float(error) < 1e-5


@needs_whole
def test_the_whole_recorded_data_are_verified(capsys: pytest.CaptureFixture[str]) -> None:
    assert WHOLE is not None
    done = run(WHOLE, capsys)
    assert (done.code, done.wrong()) == (0, {})
    sections = {name.partition("/")[0] for name in done.outcomes}
    assert sections == {path.name for path in WHOLE.iterdir() if path.is_dir()}
    assert all(each.verdict == "ok" for each in done.outcomes.values())


def test_bfloat16_has_tolerances_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(GOLDEN, capsys, "--dtype", "bfloat16")
    assert (done.code, done.wrong()) == (0, {})
    assert {name.partition("/")[0] for name in done.outcomes} == {"fusion", "denoise"}
    [measure, _] = done.outcomes["fusion/t2v"].measures
    assert 1e-3 < measure.error < measure.tolerance == 0.02
    assert done.outcomes["denoise/t2v_euler"].measures[0].tolerance == 0.03


def test_parts_may_be_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy(tmp_path, "preprocess", "sampler")
    for path in (
        "preprocess/sizes.json",
        "sampler/schedules.json",
        "sampler/trajectory_unipc_10.safetensors",
    ):
        (tmp_path / path).unlink()
    done = run(tmp_path, capsys)
    assert done.code == 0
    assert "preprocess/sizes" not in done.outcomes
    assert done.outcomes["preprocess/text_clean"].verdict == "ok"
    assert done.outcomes["sampler/trajectory_unipc_30"].verdict == "ok"
    left_out = done.outcomes["sampler/trajectory_unipc_10"]
    assert (left_out.verdict, left_out.message) == (
        "skipped",
        "The file trajectory_unipc_10.safetensors is not there.",
    )


def test_one_broken_file_does_not_hide_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy(tmp_path, "preprocess", "sampler", "keys")
    (tmp_path / "preprocess" / "variants.json").write_text("{")
    (tmp_path / "keys" / "fusion.json").write_text("[")
    (tmp_path / "sampler" / "trajectory_unipc_10.safetensors").write_bytes(b"no tensors")
    alter_json(tmp_path / "sampler" / "trajectories.json", lambda runs: runs[1].pop("solver"))
    done = run(tmp_path, capsys)
    assert done.code == 1
    assert done.wrong() == {
        "preprocess/variants.json": "failed",
        "keys/fusion.json": "failed",
        "sampler/trajectory_unipc_10": "failed",
        "sampler/trajectory_unipc_30": "failed",
    }
    assert done.outcomes["sampler/trajectory_unipc_30"].message == "The recording does not say 'solver'."
    assert done.outcomes["keys/umt5_xxl"].verdict == "ok"
    assert done.outcomes["sampler/trajectory_euler_10"].verdict == "ok"


def test_tracebacks_are_for_those_who_ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy(tmp_path, "preprocess") / "preprocess" / "sizes.json").write_text("{")
    assert main([str(tmp_path)]) == 1
    quiet = capsys.readouterr()
    assert "preprocess/sizes.json failed: The file sizes.json cannot be read" in quiet.out
    assert "Traceback" not in quiet.out + quiet.err
    assert main([str(tmp_path), "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_nothing_to_verify_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.touch()
    for folder, words in (
        (tmp_path, "nothing to verify"),
        (tmp_path / "away", "There is no folder"),
        (file, "is not a folder"),
    ):
        assert main([str(folder)]) == 2
        assert words in capsys.readouterr().err
    (tmp_path / "fusion").mkdir()
    assert main([str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert "fusion skipped: There is no cases.json in it." in said.out
    assert "every case was skipped" in said.err


def test_a_card_that_is_not_there_is_asked_for_in_vain(capsys: pytest.CaptureFixture[str]) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a card")
    assert main([str(GOLDEN), "--device", "cuda"]) == 2
    assert "no CUDA device" in capsys.readouterr().err


def test_a_device_of_another_kind_is_refused() -> None:
    done = command(str(GOLDEN), "--device", "abacus")
    assert done.returncode == 2
    assert "it is cpu, cuda, or cuda: and a number" in done.stderr
