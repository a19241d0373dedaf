"""How long does a path of seven C take on 50,000 real features, and is its objective below LinearSVC's?

    python benchmarks/bench_svm_path.py FILE.h5 [--linear-svc 1e-4 1e-2] [--repeats 3] [--json OUT]

2026-11-22, 2 x86_64 cores, a `cpu32` net's features of 50,000 CIFAR-10 images (717 MB), 10 classes. Ours: all seven C
in one call, gap under 1e-6, median of three. LinearSVC: dual=False, tol=1e-3, one fit each with the smallest and the
largest C; the sum over seven C interpolates log-linearly between those two.

| | seconds | memory on top of the features | objective relative to ours, class by class |
|---|---|---|---|
| seven C, ours | 22.5 | 290 MB (0.40 of the features) | |
| C = 1e-4, LinearSVC | 237 | 4,306 MB | 3e-7 to 4e-5 (relative) higher |
| C = 1e-2, LinearSVC | 631 | 4,306 MB | 2e-5 to 1e-3 higher |
| seven C, LinearSVC, computed | 2,855 | | 127 times as long |
"""

import argparse
import statistics
from typing import Any

import numpy as np
from measure import GRID, Watch, child, load, run, write

TOLERANCE = 1e-6


def ours(features: str, penalties: list[float]) -> dict[str, Any]:
    """Fit all penalties in one call."""
    from dcgan_probe.linear import fit_path

    X, y = load(features)
    with Watch() as watch:
        fits = fit_path(X, y, penalties, tol=TOLERANCE)
    return {
        **watch.told(),
        "features_mb": X.nbytes / 1e6,
        "status": ", ".join(sorted({fit.status for fit in fits})),
        "gap": max(fit.gap for fit in fits),
        "passes": fits[0].passes,
        "iterations": [fit.iterations for fit in fits],
        "objectives": [objective(X, y, fit.C, fit.coefficients, fit.intercepts) for fit in fits],
    }


def linear_svc(features: str, penalty: float) -> dict[str, Any]:
    """Fit one penalty with scikit-learn's LinearSVC in its primal form."""
    from sklearn.svm import LinearSVC

    X, y = load(features)
    with Watch() as watch:
        fit = LinearSVC(C=penalty, dual=False, tol=1e-3).fit(X, y)
    return {
        **watch.told(),
        "iterations": int(np.max(fit.n_iter_)),
        "objectives": objective(X, y, penalty, fit.coef_, fit.intercept_),
    }


def objective(X: np.ndarray, y: np.ndarray, C: float, coef: np.ndarray, bias: np.ndarray) -> list[float]:
    """Compute LIBLINEAR's objective of each class in float64, block by block, by the same code for every method."""
    coef, bias = coef.astype(np.float64), bias.astype(np.float64)
    total = 0.5 * ((coef**2).sum(axis=1) + bias**2)
    for start in range(0, len(X), 4096):
        scores = X[start : start + 4096].astype(np.float64) @ coef.T + bias
        signs = np.where(y[start : start + 4096, np.newaxis] == np.arange(len(coef)), 1.0, -1.0)
        total += C * (np.maximum(0.0, 1.0 - signs * scores) ** 2).sum(axis=0)
    return [float(value) for value in total]


def seven(seconds: dict[float, float]) -> float:
    """Sum the time over the grid, log-linear in C between the timed penalties and constant beyond them."""
    known = sorted(seconds)
    logs = np.interp(np.log(GRID), np.log(known), np.log([seconds[C] for C in known]))
    return float(np.exp(logs).sum())


def main() -> None:
    child({"ours": ours, "linear_svc": linear_svc})
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("features")
    parser.add_argument("--linear-svc", type=float, nargs="*", default=[1e-4, 1e-2])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json")
    options = parser.parse_args()
    repeats = [run("ours", features=options.features, penalties=list(GRID)) for _ in range(options.repeats)]
    results: dict[str, Any] = {"ours": repeats, "median_seconds": statistics.median(r["seconds"] for r in repeats)}
    timed = {}
    for C in options.linear_svc:
        other = run("linear_svc", features=options.features, penalty=C)
        lower = np.array(other["objectives"]) / np.array(repeats[0]["objectives"][GRID.index(C)]) - 1.0
        results[f"linear_svc {C:g}"] = {
            **other,
            "relative_to_ours_least": float(lower.min()),
            "relative_to_ours_greatest": float(lower.max()),
        }
        timed[C] = other["seconds"]
    if timed:
        results["linear_svc_seven_seconds"] = seven(timed)
        results["times_faster"] = results["linear_svc_seven_seconds"] / results["median_seconds"]
    write(options.json, results)


if __name__ == "__main__":
    main()
