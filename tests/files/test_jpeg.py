import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from understudy.files.jpeg import scans


def jpeg(**options: object) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((64, 48), 90).convert("RGB").save(buffer, "JPEG", **options)
    return buffer.getvalue()


def test_a_plain_jpeg_is_one_scan() -> None:
    assert scans(jpeg()) == 1


def test_a_progressive_jpeg_is_several() -> None:
    assert 5 < scans(jpeg(progressive=True)) < 15


@pytest.mark.parametrize("around", [b"\xff\xda" * 1000, b"\xff\xd8\xff\xda\x00\x02"])
def test_only_the_picture_itself_counts(around: bytes) -> None:
    assert scans(jpeg() + around) == 1
    assert scans(jpeg(exif=b"Exif\x00\x00" + around)) == 1
    assert scans(jpeg(icc_profile=around)) == 1


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_can_be_counted(data: bytes) -> None:
    assert 0 <= scans(b"\xff\xd8" + data) <= len(data)
