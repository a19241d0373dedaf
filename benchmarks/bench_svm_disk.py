"""Can seven C be fitted to 50,000 x 28,672 float16 features on disk with 2 GB of memory, in 30 minutes, on two cores?

    python benchmarks/bench_svm_disk.py FILE.h5 [--memory-mb 1000] [--limit-mb 1900] [--tol 1e-3] [--json OUT]

The features are never in memory as a whole: each product reads the file in blocks. The data of the process is limited
by RLIMIT_DATA. The memory of LinearSVC is computed: it copies features to float64, then to nodes of 16 bytes.

2026-11-22, 2 x86_64 cores, features of an `imagenet32` net after 12,800 images on Tiny ImageNet, 10 classes, gap under
1e-3 (reached: 8.6e-4), one run:

| | seconds | peak, MB |
|---|---|---|
| seven C, 134 passes over the file | 746 | 921 |
| reading and widening the file once, from the disk | 10.5 | |
| the same, from the system's file cache | 4.5 | |
| LinearSVC, computed | | 40,141 |
"""

import argparse
import sys
import time
from typing import Any

from measure import GRID, Watch, child, run, write


def ours(features: str, tol: float, memory_mb: float) -> dict[str, Any]:
    """Fit the grid from the file."""
    from dcgan_probe.linear import fit_path
    from dcgan_probe.storage import open_feature_file

    file = open_feature_file(features)
    with Watch() as watch:
        fits = fit_path(
            file.select(),
            file.labels,
            GRID,
            tol=tol,
            memory=int(memory_mb * 1e6),
            on_iteration=lambda left, gap: print(f"{left} problems left, gap {gap:.1e}", file=sys.stderr),
        )
    return {
        **watch.told(),
        "status": ", ".join(sorted({fit.status for fit in fits})),
        "gap": max(fit.gap for fit in fits),
        "passes": fits[0].passes,
        "iterations": [fit.iterations for fit in fits],
        "rows": file.shape[0],
        "columns": file.shape[1],
        "file_mb": file.shape[0] * file.shape[1] * 2 / 1e6,
    }


def read(features: str) -> dict[str, Any]:
    """Read the file once in the same blocks, converted to float32."""
    from dcgan_probe.linear._solver.design import Design
    from dcgan_probe.storage import open_feature_file

    design = Design(open_feature_file(features).select())
    started = time.perf_counter()
    for _ in design.blocks():
        pass
    return {"seconds": time.perf_counter() - started}


def main() -> None:
    child({"ours": ours, "read": read})
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("features")
    parser.add_argument("--memory-mb", type=float, default=1000.0)
    parser.add_argument("--limit-mb", type=float, default=1900.0)
    parser.add_argument("--tol", type=float, default=1e-3)
    parser.add_argument("--json")
    options = parser.parse_args()
    once = run("read", features=options.features)
    fit = run(
        "ours", limit_mb=options.limit_mb, features=options.features, tol=options.tol, memory_mb=options.memory_mb
    )
    numbers = fit["rows"] * fit["columns"]
    write(
        options.json,
        {
            "read_once_seconds": once["seconds"],
            "ours": fit,
            "readings": fit["seconds"] / once["seconds"],
            "linear_svc_gb_computed": (numbers * 4 + numbers * 8 + numbers * 16) / 1e9,
        },
    )


if __name__ == "__main__":
    main()
