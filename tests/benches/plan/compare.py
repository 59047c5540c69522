"""Ours against vpype and saxi on a folder of SVGs, all judged by the same firmware model.

    python compare.py SVG_DIR --measure target/release/examples/plan-measure --vpype vpype --saxi NODE_MODULES \
        [--effort-long 2000] [--out results.json]

For each drawing: vpype and saxi order it and write an SVG, which `plan-measure as-given` times on the reference
machine; ours is `plan-measure plan`; the long search is ours with a budget of kicks that takes about 20 s.
Wall time is that of whole processes (reading and writing included), the best of three, ours and theirs alternated.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

CHAIN = ["linemerge", "linesort", "--two-opt", "linesimplify", "reloop"]
CHAIN_WIDE = ["linemerge", "--tolerance", "0.5mm", *CHAIN[1:]]


def run(command):
    start = time.perf_counter()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    return done.stdout, time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--measure", required=True)
    parser.add_argument("--vpype", default="vpype")
    parser.add_argument("--saxi", required=True, help="the node_modules folder that holds saxi")
    parser.add_argument("--effort-long", type=float, default=0, help="kicks per stroke of the long search; 0: none")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()

    def measure(mode, file, *more):
        out, wall = run([args.measure, mode, file, *more])
        return json.loads(out) | {"wall_secs": wall}

    results = {}
    print(f"{'drawing':16} {'strokes':>7} | machine s: {'ours':>8} {'vpype':>8} {'vp 0.5':>8} {'saxi':>8} {'gain':>6}"
          f" | travel m: {'ours':>6} {'vpype':>6} {'saxi':>6} {'long':>6} {'over':>6}"
          f" | lifts: {'ours':>5} {'vpype':>5} {'vp.5':>5} {'saxi':>5} | wall s: {'ours':>5} {'vpype':>6} {'saxi':>6}")
    with tempfile.TemporaryDirectory() as scratch:
        for file in sorted(args.folder.glob("*.svg")):
            row = {}
            for _ in range(args.repeats):
                best = {}
                best["ours"] = measure("plan", file)
                for name, chain in (("vpype", CHAIN), ("vpype_wide", CHAIN_WIDE)):
                    out = Path(scratch) / "out.svg"
                    _, wall = run([args.vpype, "read", file, *chain, "write", out])
                    best[name] = measure("as-given", out) | {"wall_secs": wall}
                out = Path(scratch) / "out.svg"
                ms, wall = run(["node", Path(__file__).with_name("saxi.js"), args.saxi, file, out])
                best["saxi"] = measure("as-given", out) | {"wall_secs": wall, "plan_ms": float(ms)}
                for name, found in best.items():
                    if name in row:
                        found["wall_secs"] = min(found["wall_secs"], row[name]["wall_secs"])
                        found["plan_ms"] = min(found["plan_ms"], row[name]["plan_ms"])
                    row[name] = found
            if args.effort_long:
                row["long"] = measure("plan", file, args.effort_long)
            results[file.stem] = row
            ours, peers = row["ours"], [row[name]["machine_secs"] for name in ("vpype", "vpype_wide", "saxi")]
            gain = 1 - ours["machine_secs"] / min(peers)
            long = row.get("long", ours)
            over = ours["travel_mm"] / max(long["travel_mm"], 1e-9) - 1
            secs = " ".join(f"{row[n]['machine_secs']:8.1f}" for n in ("ours", "vpype", "vpype_wide", "saxi"))
            travel = " ".join(f"{r['travel_mm'] / 1e3:6.2f}" for r in (ours, row["vpype"], row["saxi"], long))
            lifts = " ".join(f"{row[n]['lifts']:5}" for n in ("ours", "vpype", "vpype_wide", "saxi"))
            wall = f"{ours['wall_secs']:5.2f} {row['vpype']['wall_secs']:6.2f} {row['saxi']['wall_secs']:6.2f}"
            print(f"{file.stem:16} {ours['strokes']:7} |            {secs} {gain:6.1%} |           {travel} {over:6.1%}"
                  f" |        {lifts} |         {wall}", flush=True)
    if args.out:
        args.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
