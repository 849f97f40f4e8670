"""What a process that we start finds in its environment."""

from collections.abc import Mapping, Sequence

VISIBLE = "CUDA_VISIBLE_DEVICES"
ORDER = "CUDA_DEVICE_ORDER"


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without the settings of Understudy: a secret key may be among them, and they would reach into it."""
    return {name: value for name, value in environment.items() if not name.startswith("UNDERSTUDY_")}


def for_replica(environment: Mapping[str, str], cards: Sequence[str] = ()) -> dict[str, str]:
    """The environment of a replica under a server that has `environment`. An engine may be somebody else's code.

    With `cards` it sees these and no others; without, whatever the server sees.
    """
    made = without_settings(environment)
    if cards:
        made[VISIBLE] = ",".join(cards)
        if VISIBLE not in environment:
            # Our numbers are those of nvidia-smi; CUDA by itself would put the fastest card first.
            made.setdefault(ORDER, "PCI_BUS_ID")
    return made
