"""A probe as a few lines for people, in the order in which ffprobe prints its summary. Pure."""

from understudy.files.probe import AudioStream, Probe, VideoStream


def describe(probe: Probe) -> list[str]:
    """The lines: container and size, length and bit rate, tags, one for each stream."""
    lines = [f"{probe.content_type} ({probe.container}), {_size(probe.size)}"]
    if probe.duration is not None:
        rate = f", bitrate: {probe.bit_rate / 1000:.0f} kb/s" if probe.bit_rate else ""
        lines.append(f"  Duration: {_clock(probe.duration)}{rate}")
    if probe.tags:
        width = max(len(name) for name in probe.tags)
        lines.append("  Metadata:")
        lines += [f"    {name:<{width}} : {value}" for name, value in probe.tags.items()]
    streams = [_video(each) for each in probe.video] + [_audio(each) for each in probe.audio]
    return lines + [f"  Stream #{index}: {text}" for index, text in enumerate(streams)]


def _video(stream: VideoStream) -> str:
    parts = [f"Video: {stream.codec}", stream.pix_fmt, f"{stream.width}x{stream.height}"]
    if stream.fps is not None:
        parts.append(f"{float(stream.fps):.6g} fps")
        if stream.frames:
            parts.append(f"{stream.frames} frames")
    return ", ".join(part for part in parts if part)


def _audio(stream: AudioStream) -> str:
    return f"Audio: {stream.codec}, {stream.rate} Hz, {stream.layout}"


def _clock(seconds: float) -> str:
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest / 100:05.2f}"


def _size(size: int) -> str:
    amount, unit = float(size), "bytes"
    for bigger in ("KiB", "MiB", "GiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, bigger
    return f"{size} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"
