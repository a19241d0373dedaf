"""What do five folds, seven C and the refit cost in one call, compared with separate calls, on 50,000 x 7,168 features?

    python benchmarks/bench_svm_folds.py FILE.h5 [--limit-mb 3000] [--tol 1e-3] [--json OUT]

"Separate" are calls of our fit for one fold and one C each, on a copy of the fold's rows, and the refit: 36 in all.
Only fits of the first fold with the smallest, middle and largest C, and the refit, are timed; the others are
interpolated. The limit (RLIMIT_DATA) includes reserved address space; the peak is resident memory.

2026-11-22, 2 x86_64 cores, features from an `svhn32` net after 100,000 images on Tiny ImageNet (1,434 MB), 10 classes,
gap under 1e-3, one run:

| | seconds | peak of the process, MB |
|---|---|---|
| all in one call: 35 fits stacked, and the refit | 149 | 2,092 (1.46 of the features) |
| separate fits of one fold with C of 1e-4, 1e-3, 1e-2 | 26, 29, 31 | 3,035 |
| the refit | 30 | 1,889 |
| separate, 36 fits, computed | 1,032 (6.9 times as long) | |
"""

import argparse
from typing import Any

import numpy as np
from measure import GRID, Watch, child, load, run, write

FOLDS = 5
SAMPLED = (GRID[0], GRID[3], GRID[6])


def stacked(features: str, tol: float) -> dict[str, Any]:
    """Choose and refit in one call."""
    from dcgan_probe.linear import L2SVMClassifierCV

    X, y = load(features)
    with Watch() as watch:
        fit = L2SVMClassifierCV(GRID, cv=FOLDS, tol=tol).fit(X, y)
    return {
        **watch.told(),
        "features_mb": X.nbytes / 1e6,
        "C": fit.C_,
        "scores": fit.scores_.mean(axis=0).tolist(),
        "selection_gap": fit.selection_gap_,
        "gap": float(fit.gap_.max()),
        "passes": fit.n_passes_,
    }


def separate(features: str, tol: float, penalty: float, whole: bool) -> dict[str, Any]:
    """Fit one C to the first fold's training rows, or to all rows."""
    from sklearn.model_selection import StratifiedKFold

    from dcgan_probe.linear import fit_path

    X, y = load(features)
    trains, _ = next(StratifiedKFold(FOLDS).split(np.empty((len(y), 0)), y))
    with Watch() as watch:
        rows = slice(None) if whole else trains
        (fit,) = fit_path(X[rows], y[rows], [penalty], tol=tol)
    return {**watch.told(), "gap": fit.gap}


def main() -> None:
    child({"stacked": stacked, "separate": separate})
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("features")
    parser.add_argument("--limit-mb", type=float, default=3000.0)
    parser.add_argument("--tol", type=float, default=1e-3)
    parser.add_argument("--json")
    options = parser.parse_args()
    together = run("stacked", limit_mb=options.limit_mb, features=options.features, tol=options.tol)
    one = [run("separate", features=options.features, tol=options.tol, penalty=C, whole=False) for C in SAMPLED]
    last = run("separate", features=options.features, tol=options.tol, penalty=together["C"], whole=True)
    total = FOLDS * float(np.exp(np.interp(np.log(GRID), np.log(SAMPLED), np.log([o["seconds"] for o in one]))).sum())
    total += last["seconds"]
    write(
        options.json,
        {
            "stacked": together,
            "separate": one,
            "refit": last,
            "separate_36_seconds": total,
            "times_faster": total / together["seconds"],
            "peak_over_features": together["peak_mb"] / together["features_mb"],
        },
    )


if __name__ == "__main__":
    main()
