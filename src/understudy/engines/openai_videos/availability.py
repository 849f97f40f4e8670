"""Whether the engine can play, how it would, and with what: told without any request."""

from collections.abc import Mapping
from importlib.util import find_spec

from understudy.engines.engine import Availability, Contract, Treatment
from understudy.engines.mappings.openai_videos import treated
from understudy.engines.mappings.treatments import treatments
from understudy.engines.openai_videos.options import KIND, missing, read_options
from understudy.errors import ConfigurationError


def availability(options: Mapping[str, object]) -> Availability:
    """What is missing, and what to do about it."""
    if find_spec("openai") is None:
        return Availability(
            ok=False,
            reason="The package openai is not installed.",
            remedy="Run: pip install 'understudy[partners]'",
        )
    try:
        lacks = missing(read_options(options))
    except ConfigurationError as error:
        name = options.get("name", KIND)
        return Availability(ok=False, reason=str(error), remedy=f"Correct the settings of [engine.{name}].")
    if lacks:
        return Availability(ok=False, reason="It is not set up.", remedy=f"Set {'; '.join(lacks)}.")
    return Availability(ok=True)


def labels(options: Mapping[str, object]) -> Mapping[str, str]:
    """How it plays, for the answers of runs: the profile, and the server's model if there is but one."""
    read = read_options(options)
    model = read.models.get("", "")
    return {"profile": read.profile_name, **({"model": model} if model else {})}


def treats(contract: Contract, options: Mapping[str, object]) -> tuple[Treatment, ...]:
    """What becomes of each input of a contract, with the rules of the server's model for it."""
    read = read_options(options)
    return treatments(contract, treated(read.rules(read.model(contract.address))))
