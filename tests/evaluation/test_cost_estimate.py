from dataclasses import replace

import numpy as np
import pytest

from dcgan_probe.evaluation import Estimate, estimate_evaluation, protocol_for, require_memory
from dcgan_probe.evaluation.draw_grams import DrawGrams
from dcgan_probe.evaluation.draws import lay_out
from dcgan_probe.runtime import UserError


def test_an_estimate_counts_fits_and_grows_with_the_features():
    protocol = protocol_for("svhn", 4434, 10, 1000)
    narrow, wide = (estimate_evaluation(protocol, columns, 8372) for columns in (3072, 7168))
    assert (narrow.fits, narrow.rows, narrow.route) == (170, 1000, "span")
    assert wide.memory_bytes - narrow.memory_bytes > 4 * (4434 + 8372) * (7168 - 3072)
    assert wide.seconds > 0.0
    half = estimate_evaluation(protocol, 7168, 8372, itemsize=2)
    assert half.memory_bytes < wide.memory_bytes


def test_all_labels_with_many_columns_take_a_sketch():
    estimate = estimate_evaluation(protocol_for("cifar10", 50_000, 10), 28_672, 10_000, itemsize=2)
    assert estimate.route == "sketched"
    assert estimate.fits == 8


def test_an_evaluation_that_exceeds_the_memory_is_refused_with_advice():
    estimate = estimate_evaluation(protocol_for("svhn", 4434, 10, 1000), 100, 10)
    require_memory(estimate)
    with pytest.raises(
        UserError, match=r"needs about 9000\.0 GB of memory, but only .* are available; use fewer layers"
    ):
        require_memory(replace(estimate, memory_bytes=9 * 10**12))
    assert isinstance(estimate, Estimate)


@pytest.mark.parametrize("useful", [True, False])
def test_the_gram_matrix_of_a_draw_is_a_part_of_the_pools(useful):
    labels = np.arange(60) % 3
    layout = lay_out(protocol_for("glyphs", 60, 3, 30, draws=5), labels, 0)
    features = np.random.default_rng(0).normal(size=(60, 200)).astype(np.float32)
    rows = layout.report_rows(0)
    found = DrawGrams(features, layout, 15, useful=useful).of(rows)
    if not useful:
        assert found is None
    else:
        np.testing.assert_allclose(found, features[rows].astype(np.float64) @ features[rows].T.astype(np.float64))
    # One draw alone costs less than the pool.
    assert DrawGrams(features, layout, 1, useful=True).of(rows) is None
