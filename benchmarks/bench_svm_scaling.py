"""How does the time grow with rows, columns, classes and the number of C, and how fast are small problems?

    python benchmarks/bench_svm_scaling.py FILE.h5 [--device cuda] [--repeats 3] [--json OUT]

Parts of real features; the exponent is the slope of log time on log size. With --device cuda the features are a float16
tensor there. "Small" are separate fits of one C to 1,000 rows of 3,072 columns (one draw of SVHN's size), compared
with LinearSVC.

2026-11-22, 2 x86_64 cores, features of CIFAR-10 by a `cpu32` net, gap under 1e-5, medians of three; the base is 20,000
rows, 1,792 columns, 10 classes, 4 values of C (5,000 rows where classes vary):

| axis | sizes | seconds | exponent |
|---|---|---|---|
| rows | 5,000, 10,000, 20,000, 40,000 | 2.2, 1.8, 2.8, 4.9 | 0.4; 0.8 from 20,000 on |
| columns | 448, 896, 1,792, 3,584 | 0.8, 1.6, 2.9, 6.9 | 1.0 |
| classes | 2, 3, 5, 10 | 0.9, 1.0, 1.2, 1.3 | 0.2 |
| values of C | 1, 2, 4, 7 | 2.0, 2.1, 2.7, 4.0 | 0.3 |

Few rows need more iterations (their classes are nearly separable), so the time of the smallest sizes is not linear.
Classes and C share the passes over the features, the preconditioner and most of each product, so their exponents are
far below 1. With a CUDA device: not measured.

Small, medians of seven, three runs: 0.31, 0.23, 0.25 s against 3.19, 2.72, 2.92 s for LinearSVC, or 10.4, 12.0 and 11.8
times as fast.
"""

import argparse
import statistics
import time
from typing import Any

import numpy as np
from measure import GRID, child, load, run, write

TOLERANCE = 1e-5
ROWS, COLUMNS, CLASSES, PENALTIES = (5000, 10_000, 20_000, 40_000), (448, 896, 1792, 3584), (2, 3, 5, 10), (1, 2, 4, 7)
SMALL_ROWS, SMALL_COLUMNS = 1000, 3072


def scaling(features: str, repeats: int, device: str) -> dict[str, Any]:
    """Time parts of the features along each axis."""
    from dcgan_probe.linear import fit_path

    X, y = load(features)
    middle = (20_000, 1792, 10, 4)

    def seconds(rows: int, columns: int, classes: int, penalties: int) -> float:
        chosen = np.flatnonzero(y < classes)[:rows]
        part: Any = np.ascontiguousarray(X[chosen][:, :columns])
        if device != "cpu":
            import torch

            part = torch.from_numpy(part.astype(np.float16)).to(device)
        times = []
        for _ in range(repeats):
            started = time.perf_counter()
            fit_path(part, y[chosen], GRID[:penalties], tol=TOLERANCE)
            times.append(time.perf_counter() - started)
        return statistics.median(times)

    found: dict[str, Any] = {}
    for axis, (name, sizes) in enumerate(
        {"rows": ROWS, "columns": COLUMNS, "classes": CLASSES, "penalties": PENALTIES}.items()
    ):
        base = list(middle if name != "classes" else (5000, 1792, 10, 4))
        times = [seconds(*([*base[:axis], size, *base[axis + 1 :]])) for size in sizes]
        found[name] = {
            "sizes": sizes,
            "seconds": times,
            "exponent": float(np.polyfit(np.log(sizes), np.log(times), 1)[0]),
        }
    return found


def small(features: str, repeats: int) -> dict[str, Any]:
    """Time fits of 1,000 rows, ours and LinearSVC's in turn."""
    from sklearn.svm import LinearSVC

    from dcgan_probe.linear import fit_path

    X, y = load(features)
    ours, theirs = [], []
    for repeat in range(repeats):
        rows = np.sort(np.random.default_rng(repeat).permutation(len(y))[:SMALL_ROWS])
        part = np.ascontiguousarray(X[rows][:, :SMALL_COLUMNS], dtype=np.float32)
        started = time.perf_counter()
        fit_path(part, y[rows], [1e-3], tol=TOLERANCE)
        ours.append(time.perf_counter() - started)
        started = time.perf_counter()
        LinearSVC(C=1e-3, dual=False, tol=1e-3).fit(part, y[rows])
        theirs.append(time.perf_counter() - started)
    mine, other = statistics.median(ours), statistics.median(theirs)
    return {"ours_seconds": mine, "linear_svc_seconds": other, "times_faster": other / mine}


def main() -> None:
    child({"scaling": scaling, "small": small})
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("features")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json")
    options = parser.parse_args()
    results = {
        "small": run("small", features=options.features, repeats=options.repeats),
        "scaling": run("scaling", features=options.features, repeats=options.repeats, device=options.device),
    }
    write(options.json, results)


if __name__ == "__main__":
    main()
