"""Bodies of every kind, to everything that takes one."""

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.fuzz import multipart
from tests.fuzz.budget import fuzz
from tests.fuzz.target import MIB, Target
from tests.fuzz.texts import forms, json_bodies
from tests.fuzz.ways import WAYS, Way

Case = tuple[Way, bytes, bytes]

CONTENT_TYPES = st.sampled_from(
    [
        b"application/json",
        b"application/json; charset=utf-16",
        b"APPLICATION/JSON",
        b"text/plain",
        b"",
        b"application/x-www-form-urlencoded",
        b"application/x-www-form-urlencoded; charset=latin-1",
        b"multipart/form-data",
        b"multipart/form-data; boundary",
        b'multipart/form-data; boundary="',
        b"multipart/mixed; boundary=a",
    ]
)


@st.composite
def json_cases(draw: st.DrawFn) -> Case:
    way = draw(st.sampled_from(WAYS))
    return way, draw(CONTENT_TYPES), draw(json_bodies(way))


@st.composite
def form_cases(draw: st.DrawFn) -> Case:
    way = draw(st.sampled_from(WAYS))
    return way, b"application/x-www-form-urlencoded", draw(forms(way))


@st.composite
def multipart_cases(draw: st.DrawFn) -> Case:
    way = draw(st.sampled_from(WAYS))
    return way, *draw(multipart.bodies(way))


@pytest.mark.parametrize(
    ("cases", "strategy"),
    [(300, json_cases()), (150, form_cases()), (200, multipart_cases())],
    ids=["json", "form", "multipart"],
)
def test_bodies(target: Target, cases: int, strategy: SearchStrategy[Case]) -> None:
    with target.watched(growth=64 * MIB, peak=128 * MIB):
        fuzz(lambda case: target.post(*case), strategy, cases=cases, share=0.1)
