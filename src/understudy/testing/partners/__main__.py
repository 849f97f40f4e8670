"""Serve a fake in the foreground, to try a server against it by hand.

python -m understudy.testing.partners openai_videos --port 9000 --speed 10 --fault create:busy --fault content:truncated:2
"""

import argparse
import pkgutil
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast, get_args

import msgspec

from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import Fault, FaultPlan, Kind, Step
from understudy.testing.partners.serving import serving


class Fake(msgspec.Struct, frozen=True):
    """One that can be served."""

    made_by: str
    """`module:class`."""
    engine: str
    """What the settings of a server say to use it, with its address and its key to be filled in."""


_PACKAGE: Final = "understudy.testing.partners"
_ENGINE: Final = '[engine.fake]\nkind = "{kind}"\nbase_url = "{url}"\napi_key = "{key}"\n'

FAKES: Final[Mapping[str, Fake]] = {
    "openai_videos": Fake("openai_videos:OpenAIVideos", _ENGINE.replace("{url}", "{url}/v1")),
    "google_veo": Fake("google_veo:GoogleVeo", _ENGINE),
    "google_omni": Fake("google_omni:GoogleOmni", _ENGINE),
    "wiro": Fake("wiro:Wiro", _ENGINE + 'api_secret = "test-secret"\nprofile = "understudy"\n'),
    "receiver": Fake("receiver:Receiver", ""),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit code."""
    chosen = _parser().parse_args(arguments)
    fake = make(chosen.kind, chosen.fault, chosen.speed, chosen.seconds, chosen.key)
    stopped = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stopped.set())
    try:
        with serving(fake.app, chosen.port) as url:
            _say(how_to_use(chosen.kind, url, chosen.key))
            stopped.wait()
    except OSError as error:
        sys.stderr.write(f"Port {chosen.port} cannot be had: {error.strerror}.\n")
        return 1
    _say(
        f"Deliveries: {len(fake.deliveries)}." if chosen.kind == "receiver" else f"Jobs bought: {fake.paid}."
    )
    return 0


def make(kind: str, faults: Sequence[Fault], speed: float, seconds: float, key: str) -> Any:
    """The fake. A receiver checks signatures with the key if it is a webhook secret."""
    maker = pkgutil.resolve_name(f"{_PACKAGE}.{FAKES[kind].made_by}")
    plan, clock = FaultPlan(faults), VirtualClock(speed=speed)
    if kind == "receiver":
        return maker(plan, clock=VirtualClock(), secret=key if key.startswith("whsec_") else "")
    return maker(plan, clock=clock, seconds=seconds, key=key)


def how_to_use(kind: str, url: str, key: str) -> str:
    """What is printed once it is served."""
    if kind == "receiver":
        host = url.removeprefix("http://")
        return (
            f"{kind} is served at {url}\n\nGive its address as callbackUrl to a server with these settings:\n\n"
            f'[server]\nallow_addresses = ["{host}"]'
        )
    engine = FAKES[kind].engine.format(kind=kind, url=url, key=key)
    return (
        f"{kind} is served at {url}\n\nTo have it play, put this into a server's settings:\n\n"
        f'{engine}\n[cast]\n"*" = ["fake"]'
    )


def fault(text: str) -> Fault:
    """`step:kind`, and if wanted `:times`, `:skip` and `:seconds`; '-' may stand for the blanks of a kind.

    Raises `argparse.ArgumentTypeError`, saying what there is.
    """
    step, _, rest = text.partition(":")
    kind, *numbers = rest.replace("-", " ").split(":")
    for name, given, known in (("step", step, get_args(Step)), ("kind", kind, get_args(Kind))):
        if given not in known:
            raise argparse.ArgumentTypeError(
                f"{given!r} is no {name} of a fault; there are {', '.join(known)}"
            )
    try:
        times, skip, seconds = (*numbers, *("1", "0", "0.2")[len(numbers) :])
        return Fault(cast(Step, step), cast(Kind, kind), int(times), int(skip), float(seconds))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not step:kind:times:skip:seconds, with numbers from the third on"
        ) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {_PACKAGE}", description="Serve a fake partner, or a receiver of webhooks."
    )
    parser.add_argument("kind", choices=tuple(FAKES))
    parser.add_argument("--port", type=int, default=9000, help="0 takes a free one; 9000 unless given")
    parser.add_argument("--speed", type=float, default=1.0, help="how fast the fake's time passes")
    parser.add_argument(
        "--seconds", type=float, default=20.0, help="how long a job takes, of the fake's time"
    )
    parser.add_argument(
        "--key",
        default="test-key",
        help="the API key that it takes; for a receiver the webhook secret, whsec_...",
    )
    parser.add_argument(
        "--fault",
        type=fault,
        action="append",
        default=[],
        metavar="STEP:KIND[:TIMES[:SKIP[:SECONDS]]]",
        help="something that goes wrong, such as create:drop-after",
    )
    return parser


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
