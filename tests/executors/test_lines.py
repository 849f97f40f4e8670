from hypothesis import given
from hypothesis import strategies as st

from understudy.executors.lines import Budget, Cutter, Follower, mark

TURN = "0123456789abcdef" * 2
OTHER = "f" * 32


def cut(*chunks: bytes, longest: int = 8192) -> list[str]:
    cutter = Cutter(longest)
    lines = [line for chunk in chunks for line in cutter.feed(chunk)]
    return lines + cutter.end()


class TestCutter:
    def test_ends(self) -> None:
        assert cut(b"a\nb\r\nc\rd") == ["a", "b", "c", "d"]

    def test_empty_lines_are_kept_where_they_were_printed(self) -> None:
        assert cut(b"a\n\n\r\nb\n") == ["a", "", "", "b"]

    def test_a_bars_return_makes_no_empty_line(self) -> None:
        assert cut(b"\r10%\r20%\r\r30%\n") == ["10%", "20%", "30%"]

    def test_a_line_end_that_is_torn_apart_is_one(self) -> None:
        assert cut(b"a\r", b"\nb") == ["a", "b"]
        assert cut(b"a\r", b"", b"\n\nb") == ["a", "", "b"]
        assert cut(b"\r", b"\n") == [""]

    def test_invalid_bytes_are_replaced(self) -> None:
        assert cut(b"caf\xe9\n") == ["caf\ufffd"]

    def test_long_lines_are_cut(self) -> None:
        assert cut(b"123456\n1234\n12345", longest=4) == ["1234…", "1234", "1234…"]
        assert cut(b"12", b"34", b"56", b"\nx", longest=4) == ["1234…", "x"]

    @given(st.text("ab\r\nä"), st.integers(1, 5))
    def test_lines_do_not_depend_on_the_chunks(self, text: str, size: int) -> None:
        data = text.encode()
        assert cut(*(data[start : start + size] for start in range(0, len(data), size))) == cut(data)


class TestFollower:
    def follow(self, *chunks: bytes, muted: bool = False) -> list[str]:
        heard: list[str] = []
        follower = Follower(heard.append, lambda turn: heard.append(f"<{turn}>"), lambda: muted)
        for chunk in chunks:
            follower.feed(chunk)
        follower.end()
        return heard

    def test_a_mark_ends_a_turn(self) -> None:
        assert self.follow(b"a\n" + mark(TURN) + b"b\n" + mark(OTHER)) == [
            "a",
            f"<{TURN}>",
            "b",
            f"<{OTHER}>",
        ]

    def test_a_mark_ends_a_line_without_end(self) -> None:
        assert self.follow(b"a", mark(TURN), b"b\n") == ["a", f"<{TURN}>", "b"]

    def test_what_only_looks_like_a_mark_is_text(self) -> None:
        assert self.follow(b"\x1eunderstudy nonsense\n\x1e") == ["\x1eunderstudy nonsense", "\x1e"]

    def test_a_mark_after_an_overlong_line_is_found(self) -> None:
        assert self.follow(b"x" * 20_000 + mark(TURN)) == ["x" * 8192 + "…", f"<{TURN}>"]

    def test_marks_are_heard_while_muted(self) -> None:
        assert self.follow(b"a\nb\n" + mark(TURN) + b"c\n", muted=True) == [f"<{TURN}>"]

    @given(st.integers(1, 100))
    def test_lines_and_marks_do_not_depend_on_the_chunks(self, size: int) -> None:
        data = b"one\r\ntwo" + mark(TURN) + b"\x1ethree\n" + mark(OTHER) + b"four"
        chunks = [data[start : start + size] for start in range(0, len(data), size)]
        assert self.follow(*chunks) == ["one", "two", f"<{TURN}>", "\x1ethree", f"<{OTHER}>", "four"]


class TestBudget:
    def test_lines(self) -> None:
        budget = Budget(lines=2)
        assert [budget.take(text) for text in "abcd"][:2] == ["a", "b"]
        assert budget.spent

    def test_size_and_one_note(self) -> None:
        budget = Budget(size=5)
        assert budget.take("12345") == "12345"
        assert not budget.spent
        note = budget.take("6")
        assert note is not None
        assert "left out" in note
        assert budget.take("") is None
