"""What does each part of the solver contribute to its iterations, passes and time?

    python benchmarks/bench_svm_parts.py FILE.h5 [--tol 1e-5] [--json OUT]

Seven C by ten classes in one call, with one part changed or removed at a time. SOLVER.md shows and discusses the
result.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
from measure import GRID, Watch, child, load, run, write


def _set(path: str, value: Any) -> Callable[[], None]:
    def change() -> None:
        from importlib import import_module

        module, name = path.rsplit(".", 1)
        setattr(import_module(f"dcgan_probe.linear._solver.{module}"), name, value)

    return change


def _no_subspace() -> None:
    from dcgan_probe.linear._solver.dominant_subspace import DominantSubspace

    DominantSubspace.step = lambda *_: None  # type: ignore[method-assign]


PARTS: dict[str, Callable[[], None]] = {
    "unchanged": lambda: None,
    "no dominant subspace": _no_subspace,
    "subspace of dimension 8": _set("dominant_subspace.RANK", 8),
    "subspace of dimension 64": _set("dominant_subspace.RANK", 64),
    "history of 2": _set("lbfgs.MEMORY", 2),
    "history of 16": _set("lbfgs.MEMORY", 16),
    "levels a factor of 4 apart": _set("preconditioners.LEVEL_RATIO", 4.0),
    "one level": _set("preconditioners.LEVEL_RATIO", 1e9),
    "sketch instead of factors": _set("memory_plan.FACTORED_WIDTH", 0),
    "Newton's method alone": _set("problem_groups.LBFGS_ITERATIONS", 0),
}


def fit(features: str, part: str, tol: float) -> dict[str, Any]:
    """Change one part and fit."""
    PARTS[part]()
    from dcgan_probe.linear import solve

    X, y = load(features)
    with Watch() as watch:
        solution = solve(X, np.where(y[:, np.newaxis] == np.arange(10), 1, -1), GRID, tol=tol)
    return {
        **watch.told(),
        "route": solution.plan.route,
        "rank": solution.plan.rank,
        "passes": solution.passes,
        "iterations_mean": float(solution.iterations.mean()),
        "iterations_most": int(solution.iterations.max()),
        "gap": float(solution.gap.max()),
    }


def main() -> None:
    child({"fit": fit})
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("features")
    parser.add_argument("--tol", type=float, default=1e-5)
    parser.add_argument("--json")
    options = parser.parse_args()
    write(options.json, {part: run("fit", features=options.features, part=part, tol=options.tol) for part in PARTS})


if __name__ == "__main__":
    main()
