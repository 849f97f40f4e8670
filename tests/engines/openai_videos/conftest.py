"""The adapter needs the partners' SDK."""

import pytest

pytest.importorskip("openai", reason="the extra [partners] is not installed")
