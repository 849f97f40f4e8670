"""A woman and her dog at an intersection, in front of a building with a deep red awning."""

import numpy as np

from samples.canvas import HEIGHT, Canvas, Colour, Points, contains, curve, ellipse, mix, ribbon, shifted
from samples.street import HORIZON, building, ground, street, traffic_light

_COAT: Colour = (206, 164, 112)
_GOLDEN: Colour = (220, 160, 84)


def draw() -> Canvas:
    """The finished picture."""
    canvas = Canvas(seed=31)
    canvas.backdrop(
        [(0, (120, 142, 176)), (220, (240, 196, 158)), (HORIZON, (255, 222, 172)), (HEIGHT, (120, 104, 104))]
    )
    canvas.glow(430, 330, 360, (255, 226, 168), 0.9)
    street(canvas)
    canvas.soften(3.2)
    ground(canvas)
    building(canvas)
    traffic_light(canvas, 150)
    _woman(canvas, 470, 650)
    _dog(canvas, 622, 658, 0.8)
    canvas.shape(ribbon([(531, 492), (552, 548), (586, 566), (616, 548)], (2.6, 2.6)), (96, 34, 34))
    canvas.glow(400, 300, 560, (255, 220, 160), 0.3)
    return canvas


def _shadow(canvas: Canvas, x: float, y: float, length: float, width: float) -> None:
    canvas.shape(ellipse(x, y, width, 8), (52, 42, 50), blur=5, alpha=0.75)
    canvas.shape(
        curve(
            [(x - width, y), (x + width, y), (x + length + width * 1.4, y + 54), (x + length - width, y + 60)]
        ),
        (66, 54, 62),
        blur=11,
        alpha=0.5,
    )


def _woman(canvas: Canvas, x: float, y: float) -> None:
    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x + u, y + v) for u, v in points]

    def part(area: Points, upper: Colour, lower: Colour) -> Points:
        canvas.shape(area, [(float(area[:, 1].min()), upper), (float(area[:, 1].max()), lower)])
        return area

    _shadow(canvas, x + 2, y + 6, 80, 46)
    skin, hair, jeans = (240, 200, 170), (110, 62, 38), (58, 74, 104)
    part(
        curve(
            at(
                (30, -382),
                (52, -372),
                (84, -376),
                (112, -360),
                (84, -352),
                (104, -332),
                (66, -334),
                (44, -312),
                (20, -330),
                (10, -366),
            )
        ),
        (150, 92, 54),
        hair,
    )
    for side, foot in ((-1, -24), (1, 22)):
        part(
            ribbon(at((side * 15, -170), (side * 17, -90), (foot, -14)), (42, 30, 24)),
            mix(jeans, (140, 156, 184), 0.25),
            mix(jeans, (24, 30, 48), 0.4),
        )
        part(
            curve(
                at(
                    (foot - 14, -58),
                    (foot + 12, -58),
                    (foot + 13, -12),
                    (foot + 20, 2),
                    (foot - 18, 3),
                    (foot - 15, -14),
                )
            ),
            (120, 70, 46),
            (66, 36, 28),
        )
    coat = part(
        curve(
            at(
                (-24, -312),
                (-54, -296),
                (-60, -250),
                (-52, -200),
                (-60, -160),
                (-66, -128),
                (-30, -120),
                (8, -123),
                (48, -118),
                (70, -132),
                (57, -165),
                (50, -200),
                (58, -250),
                (52, -296),
                (24, -312),
            )
        ),
        mix(_COAT, (255, 236, 200), 0.35),
        mix(_COAT, (116, 76, 50), 0.5),
    )
    canvas.shape(
        curve(at((26, -320), (70, -300), (70, -200), (84, -116), (40, -112), (30, -170), (22, -220))),
        (116, 74, 54),
        blur=12,
        alpha=0.6,
        within=coat,
    )
    canvas.shape(
        ribbon(at((-52, -290), (-52, -200), (-62, -130)), (6, 14, 10)),
        (255, 236, 196),
        blur=6,
        alpha=0.75,
        within=coat,
    )
    canvas.shape(
        ribbon(at((0, -300), (2, -190), (-3, -120)), (1.6, 2.4, 3)), (112, 74, 50), alpha=0.9, within=coat
    )
    for u, v in ((16, -244), (15, -206), (14, -150)):
        canvas.shape(ellipse(x + u, y + v, 3.4, 3.4), (94, 58, 42))
    canvas.shape(ribbon(at((-56, -206), (0, -198), (56, -206)), (13, 13)), (166, 120, 78), within=coat)
    canvas.shape(
        ribbon(at((-56, -212), (0, -204), (56, -212)), (2, 2)), (236, 200, 150), alpha=0.7, within=coat
    )
    for side in (-1, 1):
        lapel = np.array(at((side * 6, -308), (side * 32, -298), (side * 34, -262), (side * 4, -222)))
        part(lapel, mix(_COAT, (255, 236, 200), 0.5), mix(_COAT, (150, 104, 66), 0.3))
        canvas.shape(ribbon(at((side * 34, -262), (side * 4, -222)), (1.4, 1.4)), (130, 88, 58), alpha=0.8)
    left = part(
        ribbon(at((-46, -290), (-64, -236), (-60, -180), (-44, -158)), (30, 30, 26, 22)),
        mix(_COAT, (255, 236, 200), 0.5),
        _COAT,
    )
    canvas.shape(
        ribbon(at((-34, -286), (-50, -236), (-46, -176)), (4, 8, 4)),
        (124, 84, 58),
        blur=3,
        alpha=0.6,
        within=left,
    )
    right = part(
        ribbon(at((44, -290), (62, -236), (62, -186), (62, -166)), (30, 30, 25, 22)),
        mix(_COAT, (160, 110, 70), 0.2),
        mix(_COAT, (110, 70, 48), 0.5),
    )
    canvas.shape(
        ribbon(at((36, -280), (50, -236), (52, -176)), (3, 6, 3)),
        (100, 64, 48),
        blur=3,
        alpha=0.6,
        within=right,
    )
    canvas.shape(ellipse(x + 62, y - 158, 9, 10), skin)
    part(curve(at((-15, -334), (15, -334), (14, -306), (0, -298), (-14, -306))), (206, 152, 122), skin)
    scarf = part(
        curve(at((-34, -318), (0, -308), (34, -318), (36, -298), (0, -284), (-36, -298))),
        (70, 108, 116),
        (34, 62, 74),
    )
    canvas.shape(
        ribbon(at((-34, -306), (0, -296), (34, -306)), (2, 4, 2)),
        (24, 48, 60),
        blur=1,
        alpha=0.7,
        within=scarf,
    )
    part(curve(at((-24, -300), (-6, -294), (-10, -236), (-30, -238))), (62, 98, 108), (40, 70, 82))
    _head(canvas, x, y - 362, skin, hair)


def _head(canvas: Canvas, x: float, y: float, skin: Colour, hair: Colour) -> None:
    behind = curve(
        [
            (x + u, y + v)
            for u, v in (
                (-34, -10),
                (-30, -40),
                (0, -54),
                (32, -42),
                (50, -12),
                (70, 4),
                (98, 2),
                (80, 16),
                (106, 28),
                (70, 32),
                (46, 46),
                (24, 36),
                (-24, 34),
                (-34, 14),
            )
        ]
    )
    canvas.shape(behind, [(y - 54, mix(hair, (236, 168, 104), 0.25)), (y + 46, mix(hair, (50, 26, 20), 0.4))])
    face = curve(
        [
            (x + u, y + v)
            for u, v in (
                (-2, -42),
                (24, -32),
                (29, -6),
                (24, 18),
                (6, 36),
                (-6, 37),
                (-22, 22),
                (-29, -2),
                (-24, -30),
            )
        ]
    )
    canvas.shape(face, [(y - 40, (250, 216, 188)), (y + 36, (226, 174, 144))])
    canvas.shape(ellipse(x + 24, y + 4, 14, 40), (180, 108, 84), blur=7, alpha=0.5, within=face)
    # She looks to her left: the features sit to the right of the middle, and so do her eyes.
    for u, width in ((-8, 7.2), (15, 6.4)):
        canvas.shape(ellipse(x + u, y - 3, width, 3.6), (252, 246, 240))
        canvas.shape(ellipse(x + u + 2.4, y - 3, 3.3, 3.6), (62, 38, 28))
        canvas.shape(
            ribbon([(x + u - width, y - 4), (x + u, y - 7.6), (x + u + width, y - 4)], (1.2, 2.4, 1.2)),
            (54, 30, 24),
        )
        canvas.shape(
            ribbon([(x + u - 8, y - 13), (x + u, y - 16), (x + u + 8, y - 13)], (1.4, 2.6, 1)), (98, 56, 38)
        )
        canvas.shape(
            ellipse(x + u + (1 if u > 0 else -5), y + 11, 7, 5),
            (232, 120, 98),
            blur=3,
            alpha=0.5,
            within=face,
        )
    canvas.shape(
        ribbon([(x + 5, y - 2), (x + 9, y + 8), (x + 4, y + 11)], (0.8, 1.8, 1.4)), (190, 122, 98), alpha=0.9
    )
    canvas.shape(curve([(x - 5, y + 20), (x + 4, y + 18), (x + 13, y + 20), (x + 4, y + 25)]), (196, 84, 82))
    fringe = curve(
        [
            (x + u, y + v)
            for u, v in (
                (-31, 22),
                (-37, -8),
                (-30, -42),
                (0, -57),
                (30, -44),
                (38, -14),
                (32, 8),
                (27, -12),
                (14, -34),
                (-6, -28),
                (-22, -14),
                (-25, 8),
            )
        ]
    )
    canvas.shape(shifted(fringe, 1, 3), (120, 64, 44), blur=3, alpha=0.5, within=face)
    canvas.shape(fringe, [(y - 56, mix(hair, (240, 172, 108), 0.4)), (y + 22, hair)])
    for index in range(26):
        t = index / 25
        root = (x - 26 + 52 * t, y - 46 + 12 * abs(t - 0.4))
        end = (x + 74 + canvas.random.normal(0, 18), y - 12 + 52 * canvas.random.random())
        middle = (x + 34 + 8 * t, y - 30 + 44 * canvas.random.random())
        tone = mix((70, 36, 24), (240, 168, 100), canvas.random.random())
        if t > 0.55:
            canvas.shape(ribbon([root, middle, end], (0.6, 2.2, 0.5)), tone, alpha=0.75)
    canvas.shape(
        ribbon([(x - 26, y - 36), (x - 4, y - 50), (x + 22, y - 42)], (1, 6, 1)),
        (250, 190, 126),
        blur=3,
        alpha=0.7,
        within=fringe,
    )


def _dog(canvas: Canvas, x: float, y: float, size: float) -> None:
    light, dark = mix(_GOLDEN, (255, 232, 184), 0.6), mix(_GOLDEN, (110, 62, 30), 0.6)

    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x + u * size, y + v * size) for u, v in points]

    def furry(area: Points, count: int, length: float) -> None:
        low, high = area.min(0), area.max(0)
        canvas.shape(area, [(low[1], mix(_GOLDEN, light, 0.5)), (high[1], mix(_GOLDEN, dark, 0.45))])
        starts = canvas.random.uniform(low, high, (count * 2, 2))
        inside = contains(area, starts)
        edge = area[canvas.random.integers(0, len(area), count // 4)]
        starts = np.concatenate([starts[inside], edge])
        share = (starts[:, 0] - low[0]) / (high[0] - low[0])
        tones = np.clip(0.85 - share * 0.75 + canvas.random.normal(0, 0.16, len(starts)), 0, 1)
        sway = np.stack([(share - 0.5) * length * 0.9, np.full(len(starts), length)], 1)
        canvas.hairs(
            starts,
            sway * canvas.random.uniform(0.5, 1.2, (len(starts), 1)),
            [mix(dark, light, each) for each in tones],
            1.4,
        )

    _shadow(canvas, x + 4, y + 2, 60, 62 * size)
    furry(curve(at((40, -24), (86, -30), (118, -14), (128, -4), (84, 2), (46, 0))), 260, 9)
    furry(
        curve(
            at(
                (-34, -150),
                (-52, -100),
                (-56, -40),
                (-50, 0),
                (58, 2),
                (70, -34),
                (62, -84),
                (38, -146),
                (0, -160),
            )
        ),
        1500,
        15,
    )
    canvas.shape(curve(at((44, -78), (66, -40), (60, -4), (36, -2), (30, -40))), dark, blur=7, alpha=0.55)
    furry(curve(at((30, -64), (60, -58), (70, -24), (62, 0), (24, 2), (22, -30))), 420, 11)
    for side in (-1, 1):
        furry(
            curve(
                at(
                    (side * 18 - 13, -96),
                    (side * 18 + 13, -96),
                    (side * 18 + 11, -20),
                    (side * 18 + 15, 2),
                    (side * 18 - 16, 4),
                    (side * 18 - 11, -20),
                )
            ),
            320,
            10,
        )
        for toe in (-6, 1, 8):
            canvas.shape(ribbon(at((side * 18 + toe, -5), (side * 18 + toe, 3)), (1, 1.8)), dark, alpha=0.8)
    canvas.shape(ribbon(at((0, -88), (1, -14)), (2, 7)), dark, blur=3, alpha=0.7)
    furry(
        curve(
            at((-32, -158), (0, -166), (32, -158), (34, -112), (16, -84), (0, -76), (-16, -84), (-34, -112))
        ),
        800,
        15,
    )
    canvas.shape(ribbon(at((-31, -150), (0, -138), (31, -150)), (8, 8)), (152, 30, 40))
    canvas.shape(ellipse(*at((0, -131))[0], 5, 5.6), (244, 206, 110))
    head = curve(
        at(
            (0, -246),
            (30, -238),
            (42, -208),
            (38, -178),
            (24, -154),
            (0, -146),
            (-24, -154),
            (-38, -178),
            (-42, -208),
            (-30, -238),
        )
    )
    canvas.shape(shifted(head, 3, 8), dark, blur=7, alpha=0.6)
    furry(head, 900, 8)
    for side in (-1, 1):
        ear = curve(
            at(
                (side * 26, -238),
                (side * 46, -230),
                (side * 58, -196),
                (side * 54, -168),
                (side * 40, -166),
                (side * 34, -198),
            )
        )
        canvas.shape(shifted(ear, 1, 4), dark, blur=4, alpha=0.5)
        furry(ear, 260, 10)
        canvas.shape(ear, dark, blur=2, alpha=0.28)
    muzzle = curve(at((-14, -200), (14, -200), (25, -178), (20, -156), (0, -148), (-20, -156), (-25, -178)))
    canvas.shape(muzzle, light, blur=4, alpha=0.85)
    canvas.shape(curve(at((-9, -160), (9, -160), (8, -144), (0, -137), (-8, -144))), (226, 116, 116))
    canvas.shape(ribbon(at((0, -158), (0, -142)), (1.4, 1)), (176, 76, 84))
    canvas.shape(
        ribbon(at((-19, -166), (-10, -158), (0, -165), (10, -158), (19, -166)), (1, 2.6, 2.6, 2.6, 1)),
        (74, 42, 34),
    )
    canvas.shape(
        curve(at((-12, -188), (0, -192), (12, -188), (8, -177), (0, -172), (-8, -177))), (38, 28, 28)
    )
    canvas.shape(ellipse(*at((-3, -186))[0], 3.4, 1.7), (190, 180, 180), blur=1, alpha=0.8)
    for side in (-1, 1):
        canvas.shape(ellipse(*at((side * 18, -208))[0], 5.2, 5.4), (40, 24, 18))
        canvas.shape(ellipse(*at((side * 18 - 2, -210.5))[0], 1.7, 1.7), (255, 255, 250))
        canvas.shape(
            ribbon(at((side * 11, -220), (side * 19, -223), (side * 26, -218)), (1, 3, 1)),
            dark,
            blur=1,
            alpha=0.7,
        )
