"""A man on a camel in a wide desert, ancient ruins in the distance."""

from collections.abc import Callable

import numpy as np

from samples.canvas import Canvas, Colour, contains, curve, ellipse, mix, ribbon, shifted
from samples.desert import SUN, dunes, footprints, foreground, ruins, sky

_COAT: Colour = (196, 142, 88)
_SHADE: Colour = (116, 74, 48)
_LIT: Colour = (246, 206, 146)

Place = Callable[[list[tuple[float, float]]], list[tuple[float, float]]]
"""From the camel's own frame, with its feet at v = 0, into the picture."""


def draw() -> Canvas:
    """The finished picture."""
    canvas = Canvas(seed=11)
    canvas.backdrop(
        [(0, (72, 122, 160)), (170, (168, 186, 184)), (300, (246, 206, 152)), (400, (250, 184, 120))]
    )
    sky(canvas)
    ruins(canvas)
    dunes(canvas)
    footprints(canvas)
    _camel(canvas, 470, 598, 0.92)
    foreground(canvas)
    canvas.glow(*SUN, 520, (255, 214, 150), 0.3)
    return canvas


def _camel(canvas: Canvas, x: float, y: float, scale: float) -> None:
    def place(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x + u * scale, y + v * scale) for u, v in points]

    def limb(points: list[tuple[float, float]], widths: tuple[float, ...], tone: Colour) -> None:
        leg = ribbon(place(points), [width * scale for width in widths])
        canvas.shape(leg, tone, blur=0.5)
        lit = ribbon(
            place([(u + widths[-1] * 0.3, v) for u, v in points]), [width * scale * 0.3 for width in widths]
        )
        canvas.shape(lit, mix(tone, _LIT, 0.7), blur=2.4, alpha=0.7, within=leg)
        dark = ribbon(
            place([(u - widths[-1] * 0.45, v) for u, v in points]), [width * scale * 0.4 for width in widths]
        )
        canvas.shape(dark, _SHADE, blur=4, alpha=0.5, within=leg)
        u, v = place(points)[-1]
        canvas.shape(
            curve([(u - 15, v + 5), (u - 11, v - 9), (u + 7, v - 10), (u + 20, v + 1), (u + 19, v + 6)]),
            mix(tone, _SHADE, 0.35),
        )

    for points in (
        [(-140, 4), (-420, 42), (-470, 70), (-180, 30)],
        [(110, 6), (-180, 46), (-230, 76), (90, 30)],
    ):
        canvas.shape(curve(place(points)), (96, 52, 38), blur=9, alpha=0.55)
    canvas.shape(
        curve(place([(-190, 4), (-60, -8), (160, 0), (120, 26), (-120, 40), (-330, 56)])),
        (96, 52, 38),
        blur=13,
        alpha=0.55,
    )

    far = mix(_COAT, _SHADE, 0.5)
    limb([(-100, -240), (-98, -165), (-70, -112), (-82, -60), (-66, -6)], (90, 60, 28, 20, 18), far)
    limb([(98, -230), (134, -150), (150, -112), (152, -60), (176, -8)], (64, 38, 27, 18, 17), far)
    canvas.shape(ribbon(place([(-150, -270), (-176, -226), (-170, -168)]), (11, 8, 5)), _COAT)
    tuft = np.array(place([(-170, -172)] * 30)) + canvas.random.normal(0, 3, (30, 2))
    canvas.hairs(tuft, canvas.random.normal((0, 30), (5, 7), (30, 2)), [_SHADE] * 30, 2)

    limb([(-118, -244), (-140, -170), (-120, -112), (-134, -60), (-146, -6)], (104, 72, 31, 22, 20), _COAT)
    limb([(112, -236), (108, -160), (112, -116), (104, -60), (98, -6)], (74, 42, 31, 20, 19), _COAT)

    body = curve(
        place(
            [
                (-152, -214),
                (-164, -262),
                (-142, -300),
                (-98, -318),
                (-58, -350),
                (-4, -380),
                (46, -352),
                (86, -316),
                (128, -304),
                (156, -262),
                (146, -216),
                (104, -188),
                (40, -178),
                (-20, -178),
                (-80, -196),
                (-118, -190),
            ]
        )
    )
    neck = ribbon(
        place([(96, -262), (150, -236), (204, -262), (228, -330), (238, -396)]),
        [each * scale for each in (60, 84, 60, 46, 42)],
    )
    for part in (neck, body):
        low, high = float(part[:, 1].min()), float(part[:, 1].max())
        canvas.shape(
            part,
            [(low, mix(_COAT, _LIT, 0.45)), ((low + high) / 2, _COAT), (high, mix(_COAT, _SHADE, 0.65))],
            blur=0.5,
        )
    canvas.shape(
        curve(
            place(
                [
                    (-170, -200),
                    (-168, -290),
                    (-120, -300),
                    (-100, -230),
                    (-30, -196),
                    (60, -190),
                    (40, -165),
                    (-120, -165),
                ]
            )
        ),
        _SHADE,
        blur=15,
        alpha=0.55,
        within=body,
    )
    canvas.shape(
        ribbon(place([(70, -330), (128, -308), (158, -262), (148, -214)]), (6, 16, 20, 8)),
        _LIT,
        blur=5,
        alpha=0.55,
        within=body,
    )
    canvas.shape(
        ribbon(place([(150, -196), (222, -246), (252, -330), (256, -396)]), (12, 20, 16, 12)),
        _LIT,
        blur=4,
        alpha=0.75,
        within=neck,
    )
    canvas.shape(
        ribbon(place([(110, -300), (170, -282), (200, -330), (212, -400)]), (10, 22, 18, 14)),
        _SHADE,
        blur=6,
        alpha=0.5,
        within=neck,
    )
    for area, count, flow in ((body, 900, (-5.0, 8.0)), (neck, 500, (-3.0, 9.0))):
        low, high = area.min(0), area.max(0)
        starts = canvas.random.uniform(low, high, (count * 2, 2))
        inside = contains(area, starts)
        fills = [mix(_SHADE, _LIT, canvas.random.uniform(0.25, 0.85)) for _ in range(int(inside.sum()))]
        canvas.hairs(starts[inside], canvas.random.normal(flow, 2, (int(inside.sum()), 2)), fills, 0.8)

    for u, v, turn in ((-112, -222, 12.0), (108, -216, -4.0)):
        canvas.shape(
            ellipse(x + u * scale, y + v * scale, 30 * scale, 50 * scale, turn),
            mix(_COAT, _LIT, 0.35),
            blur=13,
            alpha=0.8,
            within=body,
        )
    head = curve(
        place(
            [
                (218, -382),
                (212, -410),
                (226, -430),
                (250, -430),
                (276, -416),
                (304, -404),
                (318, -388),
                (314, -370),
                (296, -364),
                (268, -366),
                (246, -358),
                (228, -364),
            ]
        )
    )
    canvas.shape(
        head, [(y - 432 * scale, mix(_COAT, _LIT, 0.6)), (y - 360 * scale, mix(_COAT, _SHADE, 0.3))], blur=0.4
    )
    canvas.shape(
        ribbon(place([(232, -428), (262, -422), (304, -402), (318, -386)]), (4, 8, 8, 4)),
        _LIT,
        blur=2.5,
        alpha=0.85,
        within=head,
    )
    canvas.shape(ribbon(place([(286, -373), (302, -378), (314, -378)]), (1, 2.6, 1)), (84, 52, 40))
    canvas.shape(ellipse(*place([(305, -391)])[0], 3.4, 1.8, 30), (72, 44, 36))
    canvas.shape(ribbon(place([(244, -411), (254, -416), (264, -409)]), (1, 4.5, 1)), (52, 34, 30))
    canvas.shape(ellipse(*place([(255, -409)])[0], 3.8, 3.2), (30, 20, 18))
    canvas.shape(curve(place([(216, -418), (206, -438), (216, -444), (228, -426)])), mix(_COAT, _SHADE, 0.25))
    _harness(canvas, place)
    _rider(canvas, place)


def _harness(canvas: Canvas, place: Place) -> None:
    red, gold, blue = (172, 44, 44), (238, 184, 84), (38, 92, 112)
    for line in (
        [(224, -384), (246, -380), (262, -366)],
        [(262, -420), (272, -394), (266, -366)],
        [(246, -380), (268, -394)],
    ):
        canvas.shape(ribbon(place(line), (4, 4)), red)
    canvas.shape(ribbon(place([(268, -390), (220, -350), (150, -380), (72, -420)]), (2, 2)), (108, 62, 44))
    cloth = curve(
        place(
            [
                (-78, -336),
                (-40, -368),
                (0, -386),
                (42, -362),
                (74, -330),
                (84, -262),
                (80, -222),
                (0, -214),
                (-84, -226),
                (-88, -280),
            ]
        ),
        steps=16,
    )
    canvas.shape(shifted(cloth, 2, 7), (70, 40, 32), blur=5, alpha=0.5)
    top = float(cloth[:, 1].min())
    canvas.shape(cloth, [(top, (204, 66, 54)), (float(cloth[:, 1].max()), (136, 32, 40))])
    for low, width, colour in ((-248, 16, gold), (-270, 8, blue), (-228, 7, blue), (-318, 9, gold)):
        canvas.shape(
            ribbon(place([(-100, low - 4), (0, low + 8), (100, low - 2)]), (width, width)),
            colour,
            alpha=0.92,
            within=cloth,
        )
    for index in range(9):
        u = -76 + index * 19
        canvas.shape(
            np.array(place([(u - 8, -291), (u, -301), (u + 8, -291), (u, -281)])), gold, within=cloth
        )
        canvas.shape(
            np.array(place([(u - 3, -291), (u, -295), (u + 3, -291), (u, -287)])), blue, within=cloth
        )
    canvas.shape(
        curve(place([(-100, -340), (-60, -352), (-64, -280), (-40, -220), (-100, -210)])),
        (70, 18, 30),
        blur=12,
        alpha=0.6,
        within=cloth,
    )
    for index in range(24):
        u, v = -84 + index * 7.2, -219 + 5 * np.sin((index - 3) / 18 * np.pi)
        canvas.line(place([(u, v), (u - 1, v + 15)]), 2.4, gold if index % 2 else red)


def _rider(canvas: Canvas, place: Place) -> None:
    robe, fold, light, scarf = (236, 230, 216), (150, 144, 150), (255, 250, 234), (46, 96, 128)
    leg = curve(
        place(
            [(-28, -398), (30, -410), (58, -372), (62, -320), (58, -280), (34, -276), (26, -316), (-14, -348)]
        )
    )
    canvas.shape(shifted(leg, -3, 5), (76, 26, 30), blur=5, alpha=0.5)
    canvas.shape(leg, [(float(leg[:, 1].min()), robe), (float(leg[:, 1].max()), mix(robe, fold, 0.6))])
    canvas.shape(
        ribbon(place([(20, -390), (46, -350), (50, -286)]), (3, 9, 4)), fold, blur=3, alpha=0.7, within=leg
    )
    canvas.shape(curve(place([(34, -280), (60, -282), (84, -266), (82, -260), (36, -264)])), (92, 56, 38))
    torso = curve(
        place(
            [
                (-40, -390),
                (-46, -440),
                (-34, -492),
                (-8, -512),
                (20, -508),
                (38, -482),
                (42, -430),
                (38, -384),
                (0, -372),
            ]
        )
    )
    canvas.shape(torso, [(float(torso[:, 1].min()), light), (float(torso[:, 1].max()), robe)])
    canvas.shape(
        curve(place([(-60, -380), (-56, -500), (-20, -506), (-24, -440), (-8, -376)])),
        fold,
        blur=9,
        alpha=0.75,
        within=torso,
    )
    for line in ([(-10, -490), (-16, -440), (-2, -380)], [(14, -480), (10, -430), (20, -380)]):
        canvas.shape(ribbon(place(line), (1, 4, 2)), fold, blur=1.8, alpha=0.6, within=torso)
    canvas.shape(ribbon(place([(-44, -414), (0, -404), (42, -412)]), (13, 13)), (142, 52, 46), within=torso)
    arm = ribbon(place([(6, -488), (22, -446), (48, -424), (76, -420)]), (34, 34, 28, 22))
    canvas.shape(shifted(arm, -2, 5), (120, 112, 116), blur=4, alpha=0.6, within=torso)
    canvas.shape(arm, [(float(arm[:, 1].min()), light), (float(arm[:, 1].max()), mix(robe, fold, 0.5))])
    canvas.shape(ellipse(*place([(80, -420)])[0], 8, 7), (150, 98, 68))
    tail = curve(
        place([(-10, -534), (-44, -520), (-84, -508), (-98, -488), (-70, -490), (-40, -494), (-12, -506)])
    )
    canvas.shape(tail, [(float(tail[:, 1].min()), scarf), (float(tail[:, 1].max()), (28, 62, 92))])
    canvas.shape(curve(place([(-22, -500), (-4, -514), (26, -512), (32, -498), (4, -488)])), (34, 76, 108))
    face = curve(
        place([(-4, -544), (22, -548), (28, -532), (34, -524), (28, -518), (26, -508), (8, -504), (-4, -516)])
    )
    canvas.shape(face, [(float(face[:, 1].min()), (190, 130, 90)), (float(face[:, 1].max()), (140, 90, 62))])
    canvas.shape(
        curve(place([(2, -520), (16, -518), (27, -515), (24, -500), (8, -498)])), (62, 42, 36), blur=0.8
    )
    canvas.shape(ribbon(place([(15, -533), (20, -535), (26, -532)]), (1, 2.6, 1)), (52, 34, 30))
    turban = curve(
        place(
            [(-26, -538), (-22, -566), (2, -578), (26, -568), (32, -544), (8, -548), (-8, -530), (-22, -524)]
        )
    )
    canvas.shape(
        turban, [(float(turban[:, 1].min()), (92, 150, 178)), (float(turban[:, 1].max()), (34, 76, 108))]
    )
    for line in (
        [(-24, -540), (2, -560), (30, -556)],
        [(-22, -528), (-6, -548), (30, -548)],
        [(-18, -560), (6, -570), (24, -568)],
    ):
        canvas.shape(ribbon(place(line), (1, 3, 1)), (24, 58, 86), blur=1, alpha=0.75, within=turban)
    canvas.shape(
        ribbon(place([(20, -572), (30, -558), (32, -546)]), (2, 5, 2)),
        (214, 226, 220),
        blur=1.6,
        alpha=0.7,
        within=turban,
    )
    canvas.shape(
        ribbon(place([(34, -486), (40, -440), (38, -392)]), (2, 5, 2)),
        (255, 252, 236),
        blur=1.6,
        alpha=0.9,
        within=torso,
    )
