"""Which name was probably meant."""

from collections.abc import Mapping


def nearest(wrong: str, known: Mapping[str, str]) -> str:
    """`; did you mean X?` for the known name closest to `wrong`, or nothing if none is close.

    `known` leads from what may have been meant to what is to be written. The last part of a dotted name counts, too:
    a setting in the wrong section is found.
    """
    from difflib import get_close_matches

    candidates = {name.casefold(): shown for name, shown in known.items()}
    for text in (wrong, wrong.rpartition(".")[2]):
        found = get_close_matches(text.casefold().replace("-", "_"), candidates, n=1, cutoff=0.75)
        if found:
            return f"; did you mean {candidates[found[0]]}?"
    return ""
