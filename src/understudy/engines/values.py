"""The values of a job's inputs, as more than one engine reads them."""

from collections.abc import Mapping

Values = Mapping[str, str | int | float]
"""The checked inputs that are not files, by their names."""


def wants_sound(values: Values) -> bool:
    """Whether the clip is to have sound: unless an input `generateAudio`, as a form or a select sends it, says no."""
    return str(values.get("generateAudio", "true")).strip().lower() not in ("false", "0", "no", "off")
