"""The peer: scikit-image's skeletonize, spurs pruned, branches joined by tangent; same rasters, same scores.

usage: peer.py FOLDER   (FOLDER as trace_bench left it)
"""
import json
import sys
import time
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree
from skimage.filters import threshold_otsu
from skimage.io import imread
from skimage.morphology import skeletonize

SPUR = 5
SIGHT = 8
MOST_BEND = np.radians(60)


def neighbours(ink, p):
    y, x = p
    return [(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy or dx) and (y + dy, x + dx) in ink]


def branches(ink):
    """Runs of pixels between junction pixels or ends, and rings; each with its two end pixels."""
    near = {p: neighbours(ink, p) for p in ink}
    nodes = {p for p in ink if len(near[p]) != 2}
    seen, runs = set(), []
    for start in sorted(nodes):
        for first in near[start]:
            if (start, first) in seen:
                continue
            run, back, here = [start, first], start, first
            while here not in nodes:
                ahead = [q for q in near[here] if q != back]
                if not ahead:
                    break
                back, here = here, ahead[0]
                run.append(here)
            seen.add((start, first))
            seen.add((run[-1], run[-2]))
            runs.append(run)
    used = {p for run in runs for p in run}
    for start in sorted(ink - used - nodes):
        if start in used:
            continue
        run, back, here = [start], None, start
        while True:
            used.add(here)
            ahead = [q for q in near[here] if q != back and q not in used]
            if not ahead:
                break
            back, here = here, ahead[0]
            run.append(here)
        runs.append(run + [start])
    return runs, near


def prune(ink):
    """Takes off side branches shorter than SPUR pixels."""
    for _ in range(3):
        runs, near = branches(ink)
        gone = set()
        for run in runs:
            ends = sorted((len(near[run[0]]), len(near[run[-1]])))
            if len(run) <= SPUR and ends[0] == 1 and ends[1] > 2:
                gone.update(p for p in run if len(near[p]) <= 2)
        if not gone:
            break
        ink = ink - gone
    return ink


def join(runs):
    """Joins runs at their common junctions, straightest pairs first."""
    runs = [r for r in runs if len(r) > 2]
    ends = []
    for i, run in enumerate(runs):
        for e in (0, 1):
            pixels = np.array(run if e == 0 else run[::-1], float)
            out = pixels[min(SIGHT, len(pixels) - 1)] - pixels[0]
            ends.append((i, e, pixels[0], out / max(np.hypot(*out), 1e-9)))
    tree = cKDTree([e[2] for e in ends]) if ends else None
    pairs = []
    for a, b in tree.query_pairs(2.9) if tree else []:
        if ends[a][0] != ends[b][0]:
            bend = np.arccos(np.clip(-ends[a][3] @ ends[b][3], -1, 1))
            if bend < MOST_BEND:
                pairs.append((bend, a, b))
    partner = {}
    for _, a, b in sorted(pairs):
        if a not in partner and b not in partner:
            partner[a], partner[b] = b, a
    used, lines = set(), []
    for pick_open in (True, False):
        for i in range(len(runs)):
            starts = [e for e in (0, 1) if not pick_open or 2 * i + e not in partner]
            if i in used or not starts:
                continue
            at, points = 2 * i + starts[0], []
            while True:
                k, e = divmod(at, 2)
                used.add(k)
                points += runs[k] if e == 0 else runs[k][::-1]
                following = partner.get(2 * k + 1 - e)
                if following is None or following // 2 in used:
                    break
                at = following
            lines.append(np.array(points, float)[:, ::-1] + 0.5)
    return lines


def trace(raster, noisy):
    gray = gaussian_filter(raster.astype(float), 1.0) if noisy else raster.astype(float)
    skeleton = skeletonize(gray < threshold_otsu(gray))
    ink = prune(set(map(tuple, np.argwhere(skeleton))))
    return join(branches(ink)[0])


def samples(strokes):
    points = []
    for s in strokes:
        for a, b in zip(s[:-1], s[1:]):
            n = max(1, int(np.ceil(np.hypot(*(b - a)) / 0.5)))
            points.append(a + (b - a) * (np.arange(n) / n)[:, None])
    return np.concatenate(points)


def length(strokes):
    return sum(np.hypot(*np.diff(s, axis=0).T).sum() for s in strokes)


def score(found, truth):
    a, b = samples(found), samples(truth)
    to_truth, to_found = cKDTree(b).query(a)[0], cKDTree(a).query(b)[0]

    def f1(px):
        p, r = (to_truth <= px).mean(), (to_found <= px).mean()
        return 2 * p * r / (p + r) if p + r else 0.0

    chamfer = (to_truth.mean() + to_found.mean()) / 2
    return f1(1), f1(2), chamfer, len(found) / len(truth), length(found) / length(truth)


def main(folder):
    names = sorted(p.name.removesuffix("-clean.png") for p in folder.glob("*-clean.png"))
    for kind in ("clean", "noisy"):
        print(f"{kind:12} F1@1px  F1@2px  Chamfer px  strokes/true  ink ratio      ms")
        rows = []
        for name in names:
            truth = [np.array(s) for s in json.loads((folder / f"{name}.json").read_text())]
            raster = imread(folder / f"{name}-{kind}.png")
            start = time.perf_counter()
            found = trace(raster, kind == "noisy")
            rows.append((*score(found, truth), (time.perf_counter() - start) * 1e3))
            print("{:12} {:6.3f}  {:6.3f}  {:10.2f}  {:12.2f}  {:9.2f}  {:6.0f}".format(name, *rows[-1]))
        print("{:12} {:6.3f}  {:6.3f}  {:10.2f}  {:12.2f}  {:9.2f}  {:6.0f}\n".format("mean", *np.mean(rows, axis=0)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
