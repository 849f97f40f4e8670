"""A small but real tokenizer, for small models: made of a few texts, in the form of google/umt5-xxl."""

import json
from collections import Counter
from collections.abc import Iterable
from math import log
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer, pre_tokenizers, processors
from tokenizers.models import Unigram

_SPECIAL: Final = ("<pad>", "</s>", "<unk>")
"""Ids 0, 1 and 2, as in google/umt5-xxl."""
_SPACE: Final = "▁"


def write_tiny_tokenizer(folder: Path, *, vocab_size: int, texts: Iterable[str]) -> None:
    """Write `tokenizer.json` and `tokenizer_config.json`: the commonest characters and words of `texts`, `vocab_size`
    pieces at most.

    The same texts give the same bytes. The library's own trainers promise less: they sum in parallel.
    """
    table = Tokenizer(
        Unigram(_pieces(vocab_size, texts), unk_id=_SPECIAL.index("<unk>"), byte_fallback=False)
    )
    table.pre_tokenizer = pre_tokenizers.Metaspace(replacement=_SPACE, prepend_scheme="always")
    table.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", _SPECIAL.index("</s>"))]
    )
    table.add_special_tokens(list(_SPECIAL))
    folder.mkdir(parents=True, exist_ok=True)
    table.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": "<pad>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _pieces(vocab_size: int, texts: Iterable[str]) -> list[tuple[str, float]]:
    """Special pieces first, then characters, then words, each with its log-probability."""
    words = Counter(_SPACE + word for text in texts for word in text.split())
    chars = Counter(char for word, count in words.items() for char in word * count)
    # A quarter of the room at least is for whole words.
    room = vocab_size - len(_SPECIAL)
    kept = _commonest(chars, room - room // 4)
    kept += _commonest(words, room - len(kept))
    total = sum(chars.values()) + sum(words.values())
    return [(piece, 0.0) for piece in _SPECIAL] + [(piece, log(count / total)) for piece, count in kept]


def _commonest(counts: Counter[str], most: int) -> list[tuple[str, int]]:
    # Equal counts in the order of the text itself, so that no dictionary decides.
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
