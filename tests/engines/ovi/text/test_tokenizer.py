import itertools
import json
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from tests.engines.ovi.text.tiny_text import CONFIG, TEXT_LEN, TEXTS, tiny_tokenizer
from understudy.engines.ovi.text.tiny import write_tiny_tokenizer
from understudy.engines.ovi.text.tokenizer import load_tokenizer
from understudy.errors import EngineUnavailable

END = 1
UNKNOWN = 2


def test_ends_every_text_and_pads_none(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer(tmp_path)
    ids = tokenizer.tokenise("the dog")
    assert ids[-1] == END
    assert len(ids) == 3
    assert tokenizer.tokenise("") == [END]


def test_a_text_that_is_cut_still_ends(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer(tmp_path)
    ids = tokenizer.tokenise("the dog " * 50)
    assert len(ids) == TEXT_LEN
    assert ids[:2] == tokenizer.tokenise("the dog")[:2]
    assert END not in ids[:-1]
    assert ids[-1] == END


@pytest.mark.parametrize(
    "text", [*TEXTS, "", "the sea", "a dog that nobody wrote of: 犬", "the </s> dog <pad>", "the dog " * 50]
)
def test_gives_the_ids_of_transformers(text: str, tmp_path: Path) -> None:
    ours = tiny_tokenizer(tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    assert ours.tokenise(text) == theirs(text, truncation=True, max_length=TEXT_LEN)["input_ids"]


def test_padding_and_length_of_the_file_do_not_count(tmp_path: Path) -> None:
    plain = tiny_tokenizer(tmp_path).tokenise(TEXTS[0])
    path = tmp_path / "tokenizer.json"
    table = json.loads(path.read_text())
    table["padding"] = {
        "strategy": {"Fixed": 64},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "<pad>",
    }
    table["truncation"] = {"max_length": 2, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}
    path.write_text(json.dumps(table))
    assert load_tokenizer(tmp_path, text_len=TEXT_LEN).tokenise(TEXTS[0]) == plain


def test_a_folder_without_the_file_says_what_to_fetch(tmp_path: Path) -> None:
    (tmp_path / "spiece.model").write_bytes(b"")
    with pytest.raises(EngineUnavailable, match=r"tokenizer\.json is missing.*understudy weights pull ovi"):
        load_tokenizer(tmp_path, text_len=TEXT_LEN)


def test_a_damaged_file_says_what_to_fetch(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(EngineUnavailable, match=r"cannot be read.*understudy weights pull ovi"):
        load_tokenizer(tmp_path, text_len=TEXT_LEN)


def test_a_small_tokenizer_keeps_to_its_size_and_reads_its_texts(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer(tmp_path)
    ids = [tokenizer.tokenise(text) for text in TEXTS]
    assert max(itertools.chain(*ids)) < CONFIG.vocab_size
    assert UNKNOWN not in itertools.chain(*ids)
    assert len({tuple(row) for row in ids}) == len(TEXTS)


def test_a_small_tokenizer_is_the_same_every_time(tmp_path: Path) -> None:
    for name in "ab":
        write_tiny_tokenizer(tmp_path / name, vocab_size=40, texts=TEXTS)
    assert (tmp_path / "a/tokenizer.json").read_bytes() == (tmp_path / "b/tokenizer.json").read_bytes()
