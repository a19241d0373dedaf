"""Do intervals over draws and test images have their nominal coverage of the expected accuracy?

    python benchmarks/bench_comparisons.py [--repeats 2000] [--json OUT]

A repeat samples a pool of unequal class sizes, draws of 50 labels of each of 4 classes, and test images, all from
Gaussian classes; it fits least squares to every draw in three feature sets, two equally good and one worse. The
expected accuracy is that of fits without common rows. The table has the coverage of nominal 95 % intervals of a mean
accuracy and of a difference, and the share of p < 0.05 between the equally good sets, in %. Numbers after the slash
are computed with 0 instead of the overlap f:

    draws   f     images     mean         difference   p < 0.05
    10      0.08   2,000     95.5 / 95.1  95.1 / 94.5  4.6 / 5.0
    10      0.08  10,000     95.6 / 93.4  96.1 / 94.0  4.0 / 6.1
    10      0.25     500     95.2 / 94.8  95.8 / 95.0  3.5 / 4.5
    10      0.25   4,000     95.9 / 93.1  96.7 / 93.0  3.5 / 6.5
    50      0.25     500     94.7 / 94.1  96.0 / 95.6  4.5 / 5.2
    50      0.25   4,000     96.7 / 93.5  97.1 / 91.3  3.5 / 6.7
    10      0.50     500     95.2 / 94.0  96.6 / 94.7  3.8 / 5.6
    10      0.50   4,000     96.7 / 89.8  97.1 / 90.1  3.3 / 9.3

With fixed test images, only draws vary. The columns are the coverage of mean +- t s.e. draws, after the slash that with
S / sqrt(R), and the correlation of the accuracies of two draws of one pool:

    10      0.08   4,000     97.0 / 91.3               0.03
    10      0.25   4,000     96.6 / 76.4               0.17
    50      0.25   4,000     99.0 / 46.1               0.16
    10      0.50   4,000     97.4 / 56.1               0.40

The correlation is below its upper bound f, since accuracy is not a sum of contributions of rows. Intervals are
therefore too wide where draws matter more than images. For values that are such sums, intervals are exact
(`tests/evaluation/statistics/test_uncertainty.py`).

Few draws, with normal effects and f = 0: the lowest coverage over five shares of the draws in the variance is 87.2,
91.9, 93.4, 94.7 and 94.7 % with 2, 3, 4, 5 and 10 draws. Comparisons therefore need at least 5 draws.

Last result: 2026-11-28, one of two x86_64 cores that also did other work, 6 minutes; 2,000 repeats, so a coverage has a
standard error of 0.5 %.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from measure import write
from scipy.stats import t as student_t

from dcgan_probe.evaluation.statistics.paired import difference_over_draws
from dcgan_probe.evaluation.statistics.uncertainty import MeanEstimate, mean_over_draws, standard_error_over_draws

CLASSES, DIMENSION, LABELS_A_CLASS = 4, 5, 50
TEST_CLASSES = (0.4, 0.3, 0.2, 0.1)
"""Shares of the classes among test images; a draw has as many labels of each class, as on SVHN."""
NOISES = (0.6, 0.6, 1.0)
"""Deviation of the noise in each feature set: the first two are equally good, the third is worse."""
POOLS = {0.08: (390, 540, 790, 1390), 0.25: (125, 175, 250, 500), 0.5: (70, 90, 115, 170)}
"""Pool size of each class; the mean of 50 / size over the classes is 0.080, 0.246 and 0.500."""
EXPECTED_POOLS = 500
"""Number of pools of 20 draws without common rows, for the expected accuracy."""
NORMAL_DRAWS, NORMAL_IMAGES, NORMAL_SHARES = (2, 3, 4, 5, 10), 100, (0.3, 0.5, 0.7, 0.9, 0.95)


@dataclass(frozen=True)
class Case:
    draws: int
    overlap: float
    """Key of ``POOLS``."""
    images: int
    fixed: bool = False
    """Use one set of test images for all repeats; otherwise, every repeat has new ones."""


CASES = (
    Case(10, 0.08, 2_000),
    Case(10, 0.08, 10_000),
    *(
        Case(draws, overlap, images)
        for draws, overlap in ((10, 0.25), (50, 0.25), (10, 0.5))
        for images in (500, 4_000)
    ),
    *(Case(draws, overlap, 4_000, fixed=True) for draws, overlap in ((10, 0.08), (10, 0.25), (50, 0.25), (10, 0.5))),
)


class Population:
    """Gaussian classes of unequal covariance, seen through feature sets of unequal noise."""

    def __init__(self, seed: int = 1):
        random = np.random.default_rng(seed)
        self.centers = random.standard_normal((CLASSES, DIMENSION), np.float32)
        self.mixing = [
            np.linalg.qr(random.standard_normal((DIMENSION, DIMENSION), np.float32))[0]
            * np.exp(0.6 * random.standard_normal(DIMENSION, np.float32))
            for _ in range(CLASSES)
        ]

    def rows(self, sizes: Sequence[int], random: np.random.Generator) -> list[np.ndarray]:
        """Sample rows, ordered by class: (rows, DIMENSION + 1) in each feature set; the last column is 1."""
        pure = np.concatenate(
            [
                center + random.standard_normal((size, DIMENSION), np.float32) @ mixing
                for center, mixing, size in zip(self.centers, self.mixing, sizes, strict=True)
            ]
        )
        one = np.ones((len(pure), 1), np.float32)
        return [np.hstack([pure + noise * random.standard_normal(pure.shape, np.float32), one]) for noise in NOISES]


def drawn(sizes: Sequence[int], draws: int, random: np.random.Generator) -> np.ndarray:
    """Draw LABELS_A_CLASS positions of each class without replacement: (draws, labels)."""
    starts = np.cumsum([0, *sizes[:-1]])
    classes = [
        start + np.argsort(random.random((draws, size)), axis=1)[:, :LABELS_A_CLASS]
        for start, size in zip(starts, sizes, strict=True)
    ]
    return np.hstack(classes)


def fitted(features: np.ndarray) -> np.ndarray:
    """Fit least squares on targets +-1, for each draw: (draws, CLASSES, DIMENSION + 1)."""
    labels = np.repeat(np.arange(CLASSES), LABELS_A_CLASS)
    targets = np.where(labels[:, None] == np.arange(CLASSES), 1.0, -1.0).astype(np.float32)
    turned = features.transpose(0, 2, 1)
    return np.linalg.solve(turned @ features, turned @ targets).transpose(0, 2, 1)


def correct(weights: np.ndarray, features: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return whether predictions are right, for test images ordered by class: bool (draws, images)."""
    draws, classes, columns = weights.shape
    scores = (weights.reshape(-1, columns) @ features.T).reshape(draws, classes, -1)
    ends = np.cumsum(counts)[:-1]
    own = [part[:, label] for label, part in enumerate(np.split(scores, ends, axis=2))]
    return np.concatenate(own, axis=1) == scores.max(axis=1)


class Images:
    """Return test images, ordered by class, in each feature set."""

    def __init__(self, population: Population, images: int, random: np.random.Generator):
        self.counts = random.multinomial(images, TEST_CLASSES)
        self.features = population.rows(self.counts, random)


def evaluated(pool: Sequence[np.ndarray], chosen: np.ndarray, images: Images) -> list[np.ndarray]:
    """Fit chosen rows of a pool; return whether test predictions are right, per feature set: bool (draws, images)."""
    return [
        correct(fitted(rows[chosen]), test, images.counts) for rows, test in zip(pool, images.features, strict=True)
    ]


def expected(population: Population, repeats: int, images: Images | None = None, fits: int = 20) -> np.ndarray:
    """Estimate the expected accuracy of each feature set from fits without common rows, on new or given images."""
    random = np.random.default_rng(0)
    rows = np.arange(CLASSES * fits * LABELS_A_CLASS).reshape(CLASSES, fits, -1)
    apart = rows.transpose(1, 0, 2).reshape(fits, -1)
    found = []
    for _ in range(repeats):
        pool = population.rows([fits * LABELS_A_CLASS] * CLASSES, random)
        found.append([each.mean() for each in evaluated(pool, apart, images or Images(population, 4_000, random))])
    return np.mean(found, axis=0)


def covers(estimate: MeanEstimate, value: float) -> bool:
    return estimate.low <= value <= estimate.high


def simulated(case: Case, population: Population, repeats: int) -> dict[str, Any]:
    """Compute the coverage of intervals and the rate of false rejections, with the overlap and with 0 instead."""
    random = np.random.default_rng([case.draws, case.images, round(100 * case.overlap)])
    sizes = POOLS[case.overlap]
    overlap = float(np.mean([LABELS_A_CLASS / size for size in sizes]))
    fixed = Images(population, case.images, random) if case.fixed else None
    expectation = expected(population, EXPECTED_POOLS, fixed)
    rows = []
    for _ in range(repeats):
        images = fixed or Images(population, case.images, random)
        found = evaluated(population.rows(sizes, random), drawn(sizes, case.draws, random), images)
        rows.append((_over_draws if fixed else _over_both)(found, expectation, overlap))
    shares = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    if fixed:
        variance, between = np.var([row["mean"] for row in rows]), shares.pop("variance between draws")
        del shares["mean"]
        shares["correlation of two draws"] = float(1.0 - 1.0 / (1.0 + variance / between - 1.0 / case.draws))
    return {**asdict(case), "overlap": overlap, "expected": expectation.tolist(), **shares}


def _over_both(found: list[np.ndarray], expectation: np.ndarray, overlap: float) -> dict[str, float]:
    first, equal, worse = found
    answer = {}
    for name, used in (("", overlap), (", overlap 0", 0.0)):
        answer["mean covered" + name] = covers(mean_over_draws(first, used), expectation[0])
        difference = difference_over_draws(first, worse, used)
        answer["difference covered" + name] = covers(difference, expectation[0] - expectation[2])
        answer["falsely rejected" + name] = difference_over_draws(first, equal, used).p < 0.05
    return answer


def _over_draws(found: list[np.ndarray], expectation: np.ndarray, overlap: float) -> dict[str, float]:
    accuracies = found[0].mean(axis=1)
    away = abs(accuracies.mean() - expectation[0]) / student_t.ppf(0.975, len(accuracies) - 1)
    answer = {
        "mean covered" + name: away <= standard_error_over_draws(accuracies.tolist(), used)
        for name, used in (("", overlap), (", overlap 0", 0.0))
    }
    return {**answer, "mean": accuracies.mean(), "variance between draws": accuracies.var(ddof=1)}


def normal(draws: int, repeats: int) -> dict[str, Any]:
    """Compute the coverage for normal effects of draws and images, by the draws' share of the variance of the mean."""
    random = np.random.default_rng(draws)
    answer = {}
    for share in NORMAL_SHARES:
        of_draws, of_images = np.sqrt(draws * share), np.sqrt(NORMAL_IMAGES * (1.0 - share))
        tables = (
            of_draws * random.standard_normal((draws, 1)) + of_images * random.standard_normal(NORMAL_IMAGES)
            for _ in range(repeats)
        )
        answer[f"{share:g}"] = float(np.mean([covers(mean_over_draws(table, 0.0), 0.0) for table in tables]))
    return {"draws": draws, "covered, by share of the draws": answer}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=2_000)
    parser.add_argument("--json")
    options = parser.parse_args()
    population, started = Population(), time.perf_counter()
    rows = [normal(draws, options.repeats) for draws in NORMAL_DRAWS]
    for case in CASES:
        rows.append(simulated(case, population, options.repeats))
    write(options.json, {"seconds": time.perf_counter() - started, "cases": rows})


if __name__ == "__main__":
    main()
