"""The adapter needs Google's SDK."""

import pytest

pytest.importorskip("google.genai", reason="the extra [partners] is not installed")
