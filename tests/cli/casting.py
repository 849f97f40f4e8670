"""Engines for the commands that show casts, and a way to call them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from understudy.cli import main
from understudy.engines.engine import Availability, Contract, LocalEngine, RemoteEngine, Treatment


def _availability(options: Mapping[str, object]) -> Availability:
    ok = "api_key" in options
    return (
        Availability(ok=ok) if ok else Availability(ok=False, reason="It has no key.", remedy="Set api_key.")
    )


def _treats(contract: Contract, options: Mapping[str, object]) -> Sequence[Treatment]:
    special = {
        "resolution": Treatment(
            "resolution", "approximated", f"It plays in {options.get('size', '720p')} only."
        ),
        "negativePrompt": Treatment("negativePrompt", "dropped", "It has nothing like it."),
        "seed": Treatment("seed", "dropped", "It has nothing like it."),
    }
    return [special.get(id, Treatment(id, "honoured")) for id in contract.input_ids]


def _fails(contract: Contract, options: Mapping[str, object]) -> Sequence[Treatment]:
    raise ZeroDivisionError


videos = RemoteEngine(name="videos", version="3", partner="m:f", availability=_availability, treats=_treats)
sora_only = LocalEngine(
    name="sora_only", version="1", pipeline="m:f", plays=lambda model: model.address == "openai/sora-2-pro"
)
broken = LocalEngine(name="broken", version="1", pipeline="m:f", treats=_fails)


class Operator:
    """Somebody with a settings file, who calls one command after the other."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.file = folder / "understudy.toml"
        self._capsys = capsys
        self.sets("")

    def sets(self, lines: str) -> None:
        """Write the settings; the three engines are known."""
        paths = [f"{__name__}:{name}" for name in ("videos", "sora_only", "broken")]
        self.file.write_text(f"data = {str(self.file.parent / 'data')!r}\nengines = {paths}\n{lines}\n")

    def calls(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a command."""
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--config", str(self.file)])
        shown = self._capsys.readouterr()
        return int(str(ended.value.code or 0)), shown.out, shown.err
