"""How much time and extra memory does the L2-SVM take beside scikit-learn's LinearSVC, and who ends lower?

    python benchmarks/bench_svm.py [--features FILE.h5] [--rows N] [--columns D] [--classes K] [--json OUT]

Each method fits in a process of its own that only loads the features. "path" fits all seven C of the paper's grid in
one call; the others fit one. The objective of every method is measured afterwards by the same float64 code. Memory is
the peak of the fit above what was resident before it. LinearSVC stores no zeros, and half of the made-up features are
zero.

2026-11-22, 2 x86_64 cores, scikit-learn 1.9.1, the first 4,000 rows of the trained `cpu32` net's CIFAR-10 features
(--features FILE --rows 4000: 4,000 x 3,584 float32, 55 MB), 10 classes, C = 0.001, medians of three fits:

| method | C | clock, s | processor, s | extra memory, MB | objective | relative gap |
|---|---|---|---|---|---|---|
| ours | 1 | 6.27 | 12.21 | 395 | 6.07026 | 2.8e-7 |
| ours, path | 7 | 27.30 | 52.74 | 657 | 6.07026 | 9.1e-7 |
| LinearSVC | 1 | 21.46 | 21.17 | 330 | 6.07026 | unknown |

Objective of ours relative to LinearSVC's: lower by 1.2e-7. The memory of ours is mostly factors of X'X, 51 MB each.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from dcgan_probe.probe import fit_path
from dcgan_probe.runtime import describe_device, numpy_generator, resolve_device, versions
from dcgan_probe.storage import open_feature_file, write_json

GRID = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2]
LONG_SECONDS = 60.0


def make_features(rows: int, columns: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Features float32 (rows, columns) with a spectrum that falls as 1/k, mixed and rectified, and labels (rows,)."""
    generator = numpy_generator(0, "bench-svm")
    labels = generator.integers(0, classes, rows)
    scales = np.sqrt(1.0 / np.arange(1, columns + 1, dtype=np.float32))
    means = generator.standard_normal((classes, columns), dtype=np.float32)
    mixing = generator.standard_normal((columns, columns), dtype=np.float32)
    features = np.empty((rows, columns), dtype=np.float32)
    for start in range(0, rows, 4096):
        block = slice(start, min(start + 4096, rows))
        hidden = generator.standard_normal((block.stop - start, columns), dtype=np.float32)
        hidden += 0.3 * means[labels[block]]
        features[block] = np.maximum((hidden * scales) @ mixing / 4.0, 0.0)
    return features, labels


def load(options: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    if options.features is None:
        return make_features(options.rows, options.columns, options.classes)
    file = open_feature_file(options.features)
    if file.labels is None:
        raise SystemExit(f"{options.features} holds no labels; extract from a labelled set")
    columns = slice(0, options.columns if options.columns_given else None)
    rows = options.rows if options.rows_given else None
    return file.read(0, rows, columns).astype(np.float32, copy=False), file.labels[:rows]


def resident_megabytes(field: str) -> float:
    """``VmRSS``, resident now, or ``VmHWM``, its peak since ``forget_peak`` (Linux).

    Not ``ru_maxrss``: a new process inherits it from the one that started it.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def total_objective(
    features: np.ndarray, labels: np.ndarray, penalty: float, coef: np.ndarray, bias: np.ndarray
) -> float:
    """Objective of all classes in float64, block by block."""
    coef, bias = coef.astype(np.float64), bias.astype(np.float64)
    codes = np.unique(labels, return_inverse=True)[1]
    positive = np.arange(1, 2) if len(coef) == 1 else np.arange(len(coef))
    total = 0.5 * float((coef**2).sum() + (bias**2).sum())
    for start in range(0, len(features), 4096):
        scores = features[start : start + 4096].astype(np.float64) @ coef.T + bias
        signs = np.where(codes[start : start + 4096, np.newaxis] == positive, 1.0, -1.0)
        total += penalty * float((np.maximum(0.0, 1.0 - signs * scores) ** 2).sum())
    return total


def fit_once(method: str, features: np.ndarray, labels: np.ndarray, penalty: float) -> dict[str, Any]:
    """Fit once and give what is known of it; the objective is measured afterwards in the same way for all."""
    if method == "ours":
        (fit,) = fit_path(features, labels, [penalty])
        return {"weights": (fit.coefficients, fit.intercepts), "status": fit.status, "gap": fit.gap}
    if method == "ours, path":
        fits = fit_path(features, labels, GRID)
        fit = min(fits, key=lambda each: abs(each.C - penalty))
        gap = max(each.gap for each in fits)
        status = ", ".join(sorted({each.status for each in fits}))
        return {"weights": (fit.coefficients, fit.intercepts), "status": status, "gap": gap, "C": fit.C}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        other = LinearSVC(C=penalty, dual="auto", random_state=0).fit(features, labels)
    status = "iteration limit" if caught else "its own tolerance"
    return {"weights": (other.coef_, other.intercept_), "status": status, "gap": None}


def measure(method: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure one method in this process: time (median of the repeats) and memory above the loaded features."""
    features, labels = np.load(options.arrays / "features.npy"), np.load(options.arrays / "labels.npy")
    forget_peak()
    before = resident_megabytes("VmRSS")
    seconds: list[float] = []
    processor: list[float] = []
    while len(seconds) < options.repeats and (not seconds or seconds[0] < LONG_SECONDS):
        start, used = time.perf_counter(), processor_seconds()
        found = fit_once(method, features, labels, options.C)
        seconds.append(time.perf_counter() - start)
        processor.append(processor_seconds() - used)
    extra = resident_megabytes("VmHWM") - before
    weights, penalty = found.pop("weights"), found.pop("C", options.C)
    return {
        "method": method,
        "fits": len(GRID) if method == "ours, path" else 1,
        "seconds": statistics.median(seconds),
        "processor_seconds": statistics.median(processor),
        "repeats": len(seconds),
        "extra_megabytes": extra,
        "features_megabytes": features.nbytes / (1 << 20),
        "shape": list(features.shape),
        "classes": len(np.unique(labels)),
        "C": penalty,
        "objective": total_objective(features, labels, penalty, *weights),
        **found,
    }


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--features", type=Path, help="feature file to fit, with labels (default: made-up features)")
    parser.add_argument("--rows", type=int, help="rows to make, or to read at most (made: 10000)")
    parser.add_argument("--columns", type=int, help="columns to make, or to read at most (made: 1024)")
    parser.add_argument("--classes", type=int, default=10, help="classes to make (default: 10)")
    parser.add_argument("--C", type=float, default=1e-3, help="penalty of the single fits (default: 0.001)")
    parser.add_argument("--repeats", type=int, default=3, help="repeats of a fit under a minute (default: 3)")
    parser.add_argument("--json", type=Path, help="write the results with versions and device here")
    parser.add_argument("--method", choices=METHODS, help=argparse.SUPPRESS)
    parser.add_argument("--arrays", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.rows_given, options.columns_given = options.rows is not None, options.columns is not None
    options.rows, options.columns = options.rows or 10_000, options.columns or 1024
    return options


METHODS = ("ours", "ours, path", "LinearSVC")


def main() -> None:
    options = parse()
    if options.method:
        print(json.dumps(measure(options.method, options)))
        return
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for name, array in zip(("features", "labels"), load(options), strict=True):
            np.save(Path(folder) / f"{name}.npy", array)
        for method in METHODS:
            # Each method has a process that only loads and fits, so that nothing else moves its peak of memory.
            command = [sys.executable, __file__, *sys.argv[1:], "--method", method, "--arrays", folder]
            results.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout))
            print(describe(results[-1]), flush=True)
    ours, _, theirs = results
    excess = ours["objective"] / theirs["objective"] - 1.0
    print(f"objective of ours above LinearSVC's at C={options.C:g}: {excess:+.1e} of it (negative: ours is lower)")
    if options.json:
        device = describe_device(resolve_device("cpu"))
        write_json(
            options.json,
            {"date": date.today().isoformat(), "device": device, "versions": versions(), "results": results},
        )


def describe(result: dict[str, Any]) -> str:
    rows, columns = result["shape"]
    gap = "unknown" if result["gap"] is None else f"{result['gap']:.1e}"
    return (
        f"{result['method']:10s} {rows} x {columns}, {result['classes']} classes, {result['fits']} C: "
        f"{result['seconds']:.2f} s ({result['processor_seconds']:.2f} s of processor), "
        f"{result['extra_megabytes']:.0f} MB above {result['features_megabytes']:.0f} MB of features; "
        f"objective {result['objective']:.6g} at C={result['C']:g}, relative gap {gap}, {result['status']}"
    )


if __name__ == "__main__":
    main()
