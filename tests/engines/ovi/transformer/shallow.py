"""The real transformer but for its depth: its blocks are alike."""

from msgspec.structs import replace

from understudy.engines.ovi.config import REAL, FusionConfig


def shallow(blocks: int) -> FusionConfig:
    """Real widths, and as few blocks as a test needs."""
    return FusionConfig(
        video=replace(REAL.fusion.video, blocks=blocks), audio=replace(REAL.fusion.audio, blocks=blocks)
    )
