"""What a player really plays."""

from typing import Any

from playwright.sync_api import Locator

_PLAY = """
async (video) => {
  await video.play();
  const end = performance.now() + 10000;
  while (performance.now() < end && !(video.currentTime > 0.2 && video.webkitAudioDecodedByteCount > 0)) {
    await new Promise((go) => setTimeout(go, 50));
  }
  video.pause();
  return {
    duration: video.duration,
    at: video.currentTime,
    width: video.videoWidth,
    height: video.videoHeight,
    pictures: video.webkitDecodedFrameCount,
    sound: video.webkitAudioDecodedByteCount,
  };
}
"""


def play(video: Locator) -> dict[str, Any]:
    """Plays for a moment; `duration` and `at` in seconds, decoded `pictures`, decoded bytes of `sound`."""
    played: dict[str, Any] = video.evaluate(_PLAY)
    return played
