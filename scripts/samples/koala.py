"""A koala on a eucalyptus branch, close up, in soft forest light."""

import numpy as np

from samples.canvas import HEIGHT, Canvas, Colour, contains, curve, ellipse, mix, ribbon, shifted

_FUR: Colour = (150, 146, 146)
_DARK: Colour = (92, 88, 92)
_PALE: Colour = (236, 230, 222)


def draw() -> Canvas:
    """The finished picture."""
    canvas = Canvas(seed=7)
    canvas.backdrop([(0, (214, 220, 140)), (300, (132, 168, 96)), (HEIGHT, (44, 82, 58))])
    _forest(canvas)
    _sprays(canvas, ((80, 90), (1180, 60), (1240, 330), (40, 420)), 0.9, 0.75)
    canvas.soften(1.6)
    _branch(canvas)
    _trunk(canvas)
    _body(canvas)
    _head(canvas, 600, 262)
    _hands(canvas)
    _sprays(canvas, ((190, -20), (1010, -30), (1210, 640), (30, 690), (905, 610)), 1.25, 1.0)
    for angle, width, strength in ((52, 3.2, 0.34), (63, 4.5, 0.26), (76, 2.6, 0.22)):
        canvas.beam(-40, -160, angle - 14, width, (255, 240, 170), strength)
    canvas.glow(180, 20, 560, (255, 236, 160), 0.36)
    return canvas


def _forest(canvas: Canvas) -> None:
    for x, width, tone in (
        (120, 60, 0.3),
        (330, 34, 0.12),
        (880, 44, 0.2),
        (1010, 26, 0.1),
        (1190, 80, 0.35),
    ):
        canvas.shape(
            ribbon([(x, -20), (x + 14, 360), (x - 8, 740)], (width * 0.7, width, width * 1.2)),
            mix((150, 176, 110), (58, 84, 62), tone * 2),
            blur=9,
            alpha=0.8,
        )
    for _ in range(150):
        x, y = canvas.random.uniform(-40, 1320), canvas.random.uniform(-40, 760)
        r = canvas.random.uniform(14, 64)
        shade = mix((52, 104, 62), (232, 234, 150), canvas.random.random() * (1 - y / 900))
        canvas.shape(ellipse(x, y, r, r), shade, blur=r * 0.18, alpha=canvas.random.uniform(0.1, 0.36))
    canvas.soften(7)
    for _ in range(46):
        x, y, r = canvas.random.uniform(0, 1280), canvas.random.uniform(0, 520), canvas.random.uniform(9, 30)
        canvas.shape(ellipse(x, y, r, r), (252, 246, 190), blur=1.4, alpha=canvas.random.uniform(0.06, 0.24))


def _bark(canvas: Canvas, line: list[tuple[float, float]], widths: tuple[float, ...], strips: int) -> None:
    outline = ribbon(line, widths)
    canvas.shape(outline, (190, 170, 146), blur=0.6)
    for _ in range(strips):
        offset, tone = canvas.random.uniform(-0.5, 0.5), canvas.random.random()
        moved = [(x + offset * widths[0] * 0.9, y + offset * widths[0] * 0.9) for x, y in line]
        colour = mix((120, 92, 74), (226, 210, 188), tone)
        canvas.shape(
            ribbon(moved, (2, canvas.random.uniform(4, 12), 2)), colour, blur=2, alpha=0.5, within=outline
        )


def _trunk(canvas: Canvas) -> None:
    line: list[tuple[float, float]] = [(878, -30), (846, 240), (862, 480), (836, 760)]
    outline = ribbon(line, (96, 112, 126, 146))
    _bark(canvas, line, (96, 112, 126, 146), 34)
    canvas.shape(
        ribbon([(x + 44, y) for x, y in line], (44, 50, 56, 66)),
        (70, 54, 50),
        blur=16,
        alpha=0.6,
        within=outline,
    )
    canvas.shape(
        ribbon([(x - 40, y) for x, y in line], (22, 24)), (250, 236, 204), blur=10, alpha=0.6, within=outline
    )


def _branch(canvas: Canvas) -> None:
    line: list[tuple[float, float]] = [(-40, 668), (240, 622), (520, 620), (760, 590), (900, 520)]
    widths = (58.0, 66.0, 74.0, 84.0, 104.0)
    outline = ribbon(line, widths)
    _bark(canvas, line, widths, 30)
    canvas.shape(
        ribbon([(x, y + 26) for x, y in line], (26, 30, 34, 38, 46)),
        (66, 48, 44),
        blur=9,
        alpha=0.7,
        within=outline,
    )
    canvas.shape(
        ribbon([(x, y - 26) for x, y in line], (9, 10, 11, 12, 14)),
        (252, 238, 206),
        blur=5,
        alpha=0.7,
        within=outline,
    )


def _fur(
    canvas: Canvas,
    area: np.ndarray,
    count: int,
    length: float,
    light: Colour,
    dark: Colour,
    *,
    flow: float = 90.0,
) -> None:
    """Strokes that stand off the outline at its edge and lie along `flow` degrees inside."""
    low, high = area.min(0), area.max(0)
    centre = (low + high) / 2
    spread = (high - low) / 2
    starts = centre + np.clip(canvas.random.normal(0, 0.5, (count, 2)), -0.97, 0.97) * spread
    inside = contains(area, starts)
    edge = area[canvas.random.integers(0, len(area), count // 2)] + canvas.random.normal(
        0, 2.5, (count // 2, 2)
    )
    starts = np.concatenate([starts[inside], edge])
    outward = (starts - centre) / spread
    far = np.linalg.norm(outward, axis=1, keepdims=True)
    turn = np.radians(flow + canvas.random.normal(0, 20, len(starts)))
    along = np.stack([np.cos(turn), np.sin(turn)], 1)
    direction = along * (1 - np.clip(far, 0, 1) ** 2) + outward * np.clip(far, 0, 1.2) ** 2
    direction /= np.linalg.norm(direction, axis=1, keepdims=True) + 1e-9
    # Light falls from the upper left.
    lit = np.clip(
        0.5 - 0.36 * outward[:, 0] - 0.3 * outward[:, 1] + canvas.random.normal(0, 0.16, len(starts)), 0, 1
    )
    lengths = length * canvas.random.uniform(0.6, 1.3, (len(starts), 1))
    canvas.hairs(starts, direction * lengths, [mix(dark, light, each) for each in lit], 1.5)


def _body(canvas: Canvas) -> None:
    body = curve(
        [
            (500, 380),
            (456, 470),
            (440, 570),
            (486, 646),
            (590, 664),
            (700, 646),
            (756, 570),
            (740, 460),
            (694, 380),
        ]
    )
    canvas.shape(shifted(body, 14, 12), (40, 52, 40), blur=14, alpha=0.5)
    canvas.shape(body, [(360, (150, 146, 146)), (660, (98, 92, 96))])
    _fur(canvas, body, 5200, 17, (196, 190, 184), (82, 78, 84))
    chest = curve([(540, 390), (508, 470), (520, 570), (580, 610), (640, 570), (656, 470), (640, 390)])
    canvas.shape(chest, (232, 226, 216), blur=14, alpha=0.9)
    _fur(canvas, chest, 2400, 17, (255, 250, 240), (176, 168, 162))


def _ear(canvas: Canvas, x: float, y: float, side: int) -> None:
    outer = curve(
        [
            (x + side * u, y + v)
            for u, v in ((-48, 46), (-62, -8), (-28, -66), (34, -78), (82, -44), (92, 16), (62, 66), (8, 80))
        ]
    )
    canvas.shape(outer, (128, 122, 124))
    _fur(canvas, outer, 1900, 24, (206, 200, 196), (92, 86, 92))
    inner = curve(
        [(x + side * u, y + v) for u, v in ((-24, 40), (-30, -6), (4, -46), (44, -34), (56, 10), (34, 50))]
    )
    canvas.shape(inner, (226, 196, 186), blur=9, alpha=0.95)
    _fur(canvas, inner, 900, 26, (255, 250, 244), (200, 170, 164), flow=100)


def _head(canvas: Canvas, x: float, y: float) -> None:
    _ear(canvas, x - 150, y - 76, -1)
    _ear(canvas, x + 150, y - 76, 1)
    head = curve(
        [
            (x + u, y + v)
            for u, v in (
                (0, -134),
                (84, -118),
                (142, -54),
                (156, 30),
                (126, 106),
                (60, 152),
                (0, 164),
                (-60, 152),
                (-126, 106),
                (-156, 30),
                (-142, -54),
                (-84, -118),
            )
        ]
    )
    canvas.shape(shifted(head, 6, 22), (44, 44, 44), blur=18, alpha=0.45)
    canvas.shape(head, [(y - 140, (176, 172, 168)), (y + 170, (118, 114, 116))])
    _fur(canvas, head, 6400, 15, (212, 208, 202), (104, 98, 102))
    for side in (-1, 1):
        cheek = ellipse(x + side * 92, y + 84, 52, 44)
        canvas.shape(cheek, (214, 208, 202), blur=18, alpha=0.6)
        _fur(canvas, cheek, 700, 17, (236, 230, 224), (150, 144, 144), flow=90 - side * 40)
    chin = ellipse(x, y + 128, 56, 32)
    canvas.shape(chin, _PALE, blur=12, alpha=0.85)
    _fur(canvas, chin, 600, 13, (252, 248, 240), (178, 172, 168))
    for side in (-1, 1):
        _eye(canvas, x + side * 76, y + 2, side)
    _nose(canvas, x, y + 38)
    mouth = [(x - 40, y + 116), (x - 20, y + 124), (x, y + 119), (x + 20, y + 124), (x + 40, y + 114)]
    canvas.shape(ribbon(mouth, (1, 4, 5, 4, 1)), (74, 58, 60), blur=0.6, alpha=0.9)


def _eye(canvas: Canvas, x: float, y: float, side: int) -> None:
    canvas.shape(ellipse(x, y, 31, 28), (84, 78, 80), blur=7, alpha=0.75)
    canvas.shape(ellipse(x, y, 21, 20.5), (34, 24, 22))
    canvas.shape(ellipse(x, y + 2, 18, 17), [(y - 16, (58, 34, 22)), (y + 18, (142, 88, 42))])
    canvas.shape(ellipse(x, y + 1, 10, 12), (14, 10, 10))
    lid = curve(
        [
            (x - 26, y + 3),
            (x - 16, y - 14),
            (x, y - 21),
            (x + 16, y - 14),
            (x + 26, y + 3),
            (x + 17, y - 7),
            (x, y - 13),
            (x - 17, y - 7),
        ]
    )
    canvas.shape(lid, (96, 88, 88), blur=0.8)
    canvas.shape(ellipse(x - 7, y - 6, 5.4, 5), (255, 255, 250))
    canvas.shape(ellipse(x + 8, y + 9, 2.6, 2.2), (255, 236, 200), alpha=0.8)
    canvas.shape(
        ribbon([(x - 20 * side, y + 25), (x + 4 * side, y + 28), (x + 24 * side, y + 17)], (1, 4, 1)),
        (206, 200, 194),
        blur=1.6,
        alpha=0.7,
    )


def _nose(canvas: Canvas, x: float, y: float) -> None:
    nose = curve(
        [
            (x + u, y + v)
            for u, v in (
                (0, -62),
                (24, -52),
                (36, -14),
                (40, 26),
                (28, 56),
                (0, 66),
                (-28, 56),
                (-40, 26),
                (-36, -14),
                (-24, -52),
            )
        ]
    )
    canvas.shape(shifted(nose, 3, 7), (66, 60, 62), blur=7, alpha=0.6)
    canvas.shape(nose, [(y - 62, (78, 70, 74)), (y + 60, (26, 22, 26))])
    canvas.mottle(nose, 3, 0.2)
    canvas.shape(ellipse(x - 10, y - 24, 11, 26, 8), (196, 188, 190), blur=8, alpha=0.55, within=nose)
    for side in (-1, 1):
        canvas.shape(ellipse(x + side * 19, y + 42, 8, 5.5, side * 28), (8, 6, 8), blur=1)


def _hands(canvas: Canvas) -> None:
    for points, widths in (
        ([(486, 452), (476, 540), (528, 600)], (72, 70, 50)),
        ([(716, 452), (748, 520), (716, 582)], (72, 70, 50)),
    ):
        arm = ribbon(points, widths)
        canvas.shape(shifted(arm, 4, 9), (52, 48, 52), blur=9, alpha=0.5)
        canvas.shape(arm, (132, 127, 128), blur=1)
        _fur(canvas, arm, 2600, 15, (206, 200, 194), (92, 86, 92))
    for x, y in ((528, 600), (708, 586)):
        for finger in range(4):
            u, v = x - 34 + finger * 22, y + 2 + (6 if finger in (0, 3) else 0)
            paw = ellipse(u, v, 13, 22, -4 + finger * 4)
            canvas.shape(shifted(paw, 2, 5), (54, 44, 44), blur=4, alpha=0.5)
            canvas.shape(paw, (120, 114, 116))
            _fur(canvas, paw, 150, 8, (188, 182, 178), (92, 86, 90))
            canvas.shape(
                curve([(u - 4.5, v + 15), (u + 4.5, v + 15), (u + 2, v + 33), (u - 1, v + 36)]), (36, 30, 32)
            )
            canvas.shape(ribbon([(u - 1.5, v + 17), (u, v + 28)], (2, 1)), (128, 118, 116), blur=0.6)


def _sprays(canvas: Canvas, places: tuple[tuple[float, float], ...], scale: float, alpha: float) -> None:
    for x, y in places:
        toward = np.arctan2(330 - y, 640 - x)
        tip = (x + 190 * scale * np.cos(toward), y + 190 * scale * np.sin(toward) + 30)
        middle = (x + 100 * scale * np.cos(toward) - 14, y + 90 * scale * np.sin(toward))
        canvas.shape(ribbon([(x, y), middle, tip], (9 * scale, 5, 2)), (118, 78, 58), alpha=alpha)
        for index in range(9):
            share = (index + 0.6) / 9
            u, v = x + (tip[0] - x) * share, y + (tip[1] - y) * share
            turn = toward + (1 if index % 2 else -1) * canvas.random.uniform(0.5, 1.1) + 0.35
            length = canvas.random.uniform(78, 124) * scale
            end = (u + length * np.cos(turn), v + length * np.sin(turn) + 26)
            bend = (u + length * 0.5 * np.cos(turn) + 15, v + length * 0.5 * np.sin(turn))
            tone = mix((72, 124, 84), (168, 190, 116), canvas.random.random())
            leaf = ribbon([(u, v), bend, end], (2, 17 * scale, 22 * scale, 13 * scale, 0.5))
            canvas.shape(shifted(leaf, 5, 9), (22, 42, 30), blur=5, alpha=0.22 * alpha)
            canvas.shape(leaf, tone, alpha=alpha)
            canvas.shape(
                ribbon([(u + 3, v + 4), (bend[0] + 3, bend[1] + 5), end], (1, 8, 9, 5, 0.5)),
                mix(tone, (34, 70, 50), 0.45),
                blur=1.5,
                alpha=0.7 * alpha,
                within=leaf,
            )
            canvas.shape(
                ribbon([(u, v), bend, end], (1.6, 1.6, 0.6)),
                mix(tone, (240, 240, 190), 0.6),
                alpha=0.8 * alpha,
            )
