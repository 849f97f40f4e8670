"""Text to token ids, by the file `tokenizer.json` of google/umt5-xxl."""

from pathlib import Path
from typing import Final

import tokenizers

from understudy.errors import EngineUnavailable

_REMEDY: Final = "Run: understudy weights pull ovi"


class Tokenizer:
    """Text to ids, cut to a length. Keeps nothing between texts."""

    def __init__(self, table: tokenizers.Tokenizer, text_len: int) -> None:
        """`table` becomes this object's own. `text_len`: the most ids that a text has, the end token among them."""
        # The file may bring settings of its own. Padding is the transformer's affair.
        table.no_padding()
        # The library leaves room for what the file's template adds, so a text that is cut ends in </s> all the same.
        table.enable_truncation(text_len)
        self._table = table

    def tokenise(self, text: str) -> list[int]:
        """The ids of a text that went through `clean`: 1 to `text_len` of them, </s> last, no padding."""
        return self._table.encode(text).ids


def load_tokenizer(folder: Path, *, text_len: int) -> Tokenizer:
    """The tokenizer in `folder`: `google/umt5-xxl`, below the weights.

    Raises `EngineUnavailable` if `tokenizer.json` is missing or damaged.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise EngineUnavailable(
            f"google/umt5-xxl/tokenizer.json is missing; spiece.model does not replace it. {_REMEDY}"
        )
    try:
        table = tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise EngineUnavailable(
            f"google/umt5-xxl/tokenizer.json cannot be read: {error}. {_REMEDY}"
        ) from error
    return Tokenizer(table, text_len)
