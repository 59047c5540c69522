"""Makes the drawings that planners are compared on: python drawings.py OUT_DIR

Seven kinds, 50 to 10,000 strokes, A5 or A4, one unit a millimetre. All from a fixed seed; no outside data.
"""

import math
import random
import sys
from pathlib import Path


def svg(width, height, paths):
    body = "\n".join(f'<path d="{d}"/>' for d in paths)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" '
        f'viewBox="0 0 {width} {height}" fill="none" stroke="black" stroke-width="0.3">\n{body}\n</svg>\n'
    )


def line(points, closed=False):
    return "M" + "L".join(f"{x:.3f},{y:.3f}" for x, y in points) + ("Z" if closed else "")


def curve(points, closed=False):
    """A Catmull-Rom spline through points, as cubic Beziers."""
    n = len(points)
    at = (lambda i: points[i % n]) if closed else (lambda i: points[max(0, min(n - 1, i))])
    d = f"M{points[0][0]:.3f},{points[0][1]:.3f}"
    for i in range(n if closed else n - 1):
        p0, p1, p2, p3 = at(i - 1), at(i), at(i + 1), at(i + 2)
        c1 = (p1[0] + (p2[0] - p0[0]) / 6, p1[1] + (p2[1] - p0[1]) / 6)
        c2 = (p2[0] - (p3[0] - p1[0]) / 6, p2[1] - (p3[1] - p1[1]) / 6)
        d += f"C{c1[0]:.3f},{c1[1]:.3f} {c2[0]:.3f},{c2[1]:.3f} {p2[0]:.3f},{p2[1]:.3f}"
    return d + ("Z" if closed else "")


def inside(rng, width, height, margin=10):
    return rng.uniform(margin, width - margin), rng.uniform(margin, height - margin)


def clamp(p, width, height):
    return min(max(p[0], 1), width - 1), min(max(p[1], 1), height - 1)


def portrait(rng, scale=1.0, hair=60, hatch=40):
    """A head: outlines in pieces that meet, eyes and mouth as curves and loops, hair in strands, hatched shadow."""
    w, h = 148, 210
    cx, cy = w / 2, h / 2 - 5
    paths = []

    def arc(x, y, rx, ry, a0, a1, wobble=0.6, pieces=14):
        return [
            (
                x + rx * math.cos(a0 + (a1 - a0) * i / pieces) + rng.uniform(-wobble, wobble),
                y + ry * math.sin(a0 + (a1 - a0) * i / pieces) + rng.uniform(-wobble, wobble),
            )
            for i in range(pieces + 1)
        ]

    cuts = sorted(rng.uniform(0, 2 * math.pi) for _ in range(9))
    head = {a: (cx + 45 * math.cos(a), cy + 62 * math.sin(a)) for a in cuts}
    for a, b in zip(cuts, cuts[1:] + [cuts[0] + 2 * math.pi]):
        points = arc(cx, cy, 45, 62, a, b)
        points[0], points[-1] = head[a], head[b if b in head else cuts[0]]
        paths.append(curve(points))
    for side in (-1, 1):
        x, y = cx + side * 18, cy - 8
        paths.append(curve(arc(x, y, 9, 4, math.pi, 2 * math.pi, 0.2)))
        paths.append(curve(arc(x, y, 9, 4, 0, math.pi, 0.2)))
        paths.append(curve(arc(x, y, 3.4, 3.4, 0, 2 * math.pi * 13 / 14, 0.05, 13), closed=True))
        paths.append(curve(arc(x, y, 1.4, 1.4, 0, 2 * math.pi * 9 / 10, 0.02, 9), closed=True))
        for _ in range(14):
            a = rng.uniform(math.pi * 1.1, math.pi * 1.9)
            bx, by = x + 11 * math.cos(a), y - 5 + 4 * math.sin(a)
            paths.append(curve([(bx, by), (bx + side * 1.5, by - 1.4), (bx + side * 3, by - 2)]))
        for _ in range(6):
            ear = arc(cx + side * 47, cy, 5, 12, -1.2, 1.2, 0.4)
            k = rng.randrange(3, 14)
            paths.append(curve(ear[:k]))
    nose = [(cx - 2, cy - 4), (cx - 5, cy + 14), (cx - 7, cy + 19), (cx, cy + 22), (cx + 6, cy + 19)]
    paths.append(curve(nose))
    for y0, amount in ((35, 2), (38, 0), (42, -3)):
        paths.append(curve([(cx - 14 + 3.5 * i, cy + y0 + amount * math.sin(i * math.pi / 8)) for i in range(9)]))
    for _ in range(int(hair * scale)):
        a = rng.uniform(math.pi * 1.05, math.pi * 1.95)
        x, y = cx + 44 * math.cos(a), cy + 60 * math.sin(a)
        strand = [(x, y)]
        heading = a + rng.uniform(-0.5, 0.5)
        for _ in range(rng.randrange(5, 16)):
            heading += rng.uniform(-0.25, 0.35)
            x, y = clamp((x + 2.2 * math.cos(heading), y + 2.2 * math.sin(heading)), w, h)
            strand.append((x, y))
        paths.append(curve(strand))
    for region in range(4):
        x0, y0 = cx - 34 + 18 * region, cy + 20 + rng.uniform(-8, 8)
        for i in range(int(hatch * scale / 4)):
            y = y0 + 1.1 * i
            reach = 9 + 5 * math.sin(i / 3 + region)
            paths.append(line([(x0, y), (x0 + reach, y - reach * 0.6)]))
    rng.shuffle(paths)
    return svg(w, h, paths)


def hatching(rng, regions, spacing):
    w, h = 210, 297
    paths = []
    for _ in range(regions):
        x, y = inside(rng, w, h, 35)
        r, angle = rng.uniform(8, 26), rng.uniform(0, math.pi)
        c, s = math.cos(angle), math.sin(angle)
        offset = -r
        while offset < r:
            half = math.sqrt(r * r - offset * offset)
            ends = [(x + offset * -s + t * c, y + offset * c + t * s) for t in (-half, half)]
            if half > 0.5:
                paths.append(line(ends))
            offset += spacing
    rng.shuffle(paths)
    return svg(w, h, paths)


def loops(rng, count):
    w, h = 210, 297
    paths = []
    while len(paths) < count:
        x, y = inside(rng, w, h, 30)
        phases = [rng.uniform(0, 6.3) for _ in range(3)]
        outer = rng.uniform(4, 28)
        rings = rng.randrange(1, 6)
        for ring in range(rings):
            r = outer * (ring + 1) / rings
            points = []
            for i in range(max(10, int(r * 3))):
                a = i / max(10, int(r * 3)) * 2 * math.pi
                k = r * (1 + 0.15 * math.sin(2 * a + phases[0]) + 0.1 * math.sin(3 * a + phases[1]))
                points.append(clamp((x + k * math.cos(a), y + k * math.sin(a)), w, h))
            paths.append(curve(points, closed=True))
    rng.shuffle(paths)
    return svg(w, h, paths[:count])


def scribbles(rng, count):
    w, h = 148, 210
    paths = []
    for _ in range(count):
        x, y = inside(rng, w, h, 15)
        heading, turn = rng.uniform(0, 6.3), 0.0
        points = [(x, y)]
        for _ in range(rng.randrange(15, 80)):
            turn = 0.85 * turn + rng.uniform(-0.35, 0.35)
            heading += turn
            x, y = clamp((x + 1.3 * math.cos(heading), y + 1.3 * math.sin(heading)), w, h)
            points.append((x, y))
        paths.append(curve(points))
    return svg(w, h, paths)


def ticks(rng, count):
    w, h = 210, 297
    paths = []
    while len(paths) < count:
        x, y = inside(rng, w, h)
        dark = math.exp(-((x - 105) ** 2 + (y - 140) ** 2) / 4500)
        if rng.random() > 0.15 + 0.85 * dark:
            continue
        a, r = rng.uniform(0, math.pi), rng.uniform(0.3, 1.2)
        paths.append(line([(x - r * math.cos(a), y - r * math.sin(a)), (x + r * math.cos(a), y + r * math.sin(a))]))
    return svg(w, h, paths)


GLYPHS = {
    "A": [[(0, 6), (2, 0), (4, 6)], [(1, 4), (3, 4)]],
    "E": [[(4, 0), (0, 0), (0, 6), (4, 6)], [(0, 3), (3, 3)]],
    "H": [[(0, 0), (0, 6)], [(4, 0), (4, 6)], [(0, 3), (4, 3)]],
    "I": [[(2, 0), (2, 6)]],
    "K": [[(0, 0), (0, 6)], [(4, 0), (0, 3), (4, 6)]],
    "N": [[(0, 6), (0, 0), (4, 6), (4, 0)]],
    "T": [[(0, 0), (4, 0)], [(2, 0), (2, 6)]],
    "X": [[(0, 0), (4, 6)], [(4, 0), (0, 6)]],
    "Z": [[(0, 0), (4, 0), (0, 6), (4, 6)]],
}


def text(rng, rows):
    w, h = 210, 297
    paths = []
    size = 260 / rows / 9
    for row in range(rows):
        x = 15.0
        while x < w - 20:
            for stroke in GLYPHS[rng.choice(list(GLYPHS))]:
                paths.append(line([(x + size * px, 18 + size * (9 * row + py)) for px, py in stroke]))
            x += size * 6
    rng.shuffle(paths)
    return svg(w, h, paths)


def pieces(rng, count):
    """Long wandering lines cut to pieces whose ends meet: a merger's work."""
    w, h = 210, 297
    paths = []
    while len(paths) < count:
        x, y = inside(rng, w, h, 20)
        heading, turn = rng.uniform(0, 6.3), 0.0
        points = [(x, y)]
        for _ in range(rng.randrange(40, 240)):
            turn = 0.9 * turn + rng.uniform(-0.1, 0.1)
            heading += turn
            x, y = clamp((x + 0.8 * math.cos(heading), y + 0.8 * math.sin(heading)), w, h)
            points.append((x, y))
        start = 0
        while start < len(points) - 1:
            end = min(len(points) - 1, start + rng.randrange(3, 14))
            part = points[start : end + 1]
            paths.append(line(part if rng.random() < 0.5 else part[::-1]))
            start = end
    rng.shuffle(paths)
    return svg(w, h, paths[:count])


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(20)
    drawings = {
        "portrait-80": portrait(rng, 0.35),
        "portrait-160": portrait(rng, 1.0),
        "portrait-500": portrait(rng, 1.0, 320, 130),
        "hatching-600": hatching(rng, 18, 0.9),
        "hatching-3000": hatching(rng, 45, 0.45),
        "loops-150": loops(rng, 150),
        "loops-1500": loops(rng, 1500),
        "scribbles-50": scribbles(rng, 50),
        "scribbles-400": scribbles(rng, 400),
        "ticks-1000": ticks(rng, 1000),
        "ticks-10000": ticks(rng, 10_000),
        "text-1000": text(rng, 22),
        "pieces-2000": pieces(rng, 2000),
        "pieces-10000": pieces(rng, 10_000),
    }
    for name, drawing in drawings.items():
        (out / f"{name}.svg").write_text(drawing)


if __name__ == "__main__":
    main()
