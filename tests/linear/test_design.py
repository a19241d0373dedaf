from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dcgan_probe.linear._solver.design import Design
from dcgan_probe.runtime import UserError

from .cases import blobs, file_of, tall

KINDS = ["C float64", "F float64", "C float32", "F float32", "C float16", "F float16", "tensor float32"]
KINDS += ["tensor float16", "file float64", "file float32", "file float16"]


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Split 200 rows of 12 columns into several blocks."""
    for module in ("design", "products"):
        monkeypatch.setattr(f"dcgan_probe.linear._solver.{module}.BLOCK_BYTES", 30 * 12 * 8)
        monkeypatch.setattr(f"dcgan_probe.linear._solver.{module}.PART_ROWS", 70)
    monkeypatch.setattr(
        "dcgan_probe.linear._solver.products.SKINNY", 4
    )  # three residuals are skinny, five directions are not


def given(kind: str, features: np.ndarray, path: Path) -> Any:
    layout, dtype = kind.split()
    features = features.astype(dtype)
    if layout == "tensor":
        return torch.from_numpy(features)
    if layout == "file":
        return file_of(path, features)
    return np.asarray(features, order=layout)


def make(kind: str, path: Path, *, intercept: bool, scaled: bool) -> tuple[Design, np.ndarray, float]:
    """Return a design, its matrix in float64, and a tolerance."""
    features = tall()[0]
    design = Design(given(kind, features, path), intercept=intercept)
    dense = features.astype(kind.split()[1]).astype(np.float64)
    if scaled:
        design.scaling = design.measure()
        dense = (dense - dense.mean(axis=0)) / dense.std(axis=0)
    dense = np.hstack([dense, np.ones((200, 1))]) if intercept else dense
    return design, dense, 1e-11 if "64" in kind else 2e-4


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_products_are_those_of_the_dense_matrix(kind: str, intercept: bool, scaled: bool, tmp_path: Path) -> None:
    design, dense, atol = make(kind, tmp_path, intercept=intercept, scaled=scaled)
    draw = np.random.default_rng(1)
    weights, residuals = draw.standard_normal((3, design.width)), draw.standard_normal((3, 200))
    directions = draw.standard_normal((design.width, 5))
    assert design.width == dense.shape[1] == 12 + intercept
    before = design.passes
    scores = design.forward(design.array(weights, design.dtype))
    sums = design.backward(design.array(residuals, design.dtype))
    np.testing.assert_allclose(scores, weights @ dense.T, atol=atol)
    np.testing.assert_allclose(sums, residuals @ dense, atol=10 * atol)
    moments = np.tril(np.asarray(design.moments()))
    np.testing.assert_allclose(moments, np.tril(dense.T @ dense), atol=30 * atol)
    sketch = design.sketch(design.array(directions, design.dtype))
    np.testing.assert_allclose(sketch, dense.T @ dense @ directions, atol=100 * atol)
    assert design.passes == before + 4
    assert all(str(each.dtype).endswith("64" if "64" in kind else "32") for each in (scores, sums, sketch))


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_products_in_float64_are_exact_for_every_stored_type(kind: str, scaled: bool, tmp_path: Path) -> None:
    design, dense, _ = make(kind, tmp_path, intercept=True, scaled=scaled)
    draw = np.random.default_rng(1)
    weights, residuals = draw.standard_normal((3, 13)), draw.standard_normal((3, 200))
    float64 = design.xp.float64
    np.testing.assert_allclose(design.forward(design.array(weights), float64), weights @ dense.T, atol=1e-11)
    np.testing.assert_allclose(design.backward(design.array(residuals), float64), residuals @ dense, atol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_cover_the_rows_once_in_their_order(kind: str, tmp_path: Path) -> None:
    design = Design(given(kind, tall()[0], tmp_path))
    rows, blocks = zip(*((rows, np.asarray(block).copy()) for rows, block in design.blocks()), strict=True)
    np.testing.assert_array_equal(np.concatenate(blocks), tall()[0].astype(kind.split()[1]))
    assert [each.start for each in rows] == [0, *(each.stop for each in rows[:-1])]
    converted = "file" in kind or "16" in kind
    assert (len(rows) > 3) == converted
    # Features that need no conversion are never copied.
    if not converted:
        (_, block), *_ = design.blocks()
        assert block is design.features


@pytest.mark.parametrize("kind", KINDS)
def test_statistics_are_those_of_the_columns(kind: str, tmp_path: Path) -> None:
    features = tall()[0]
    features[:, 4] = 2.7  # stays a constant, however it is rounded
    statistics = Design(given(kind, features, tmp_path)).measure()
    stored = features.astype(kind.split()[1]).astype(np.float64)
    np.testing.assert_allclose(statistics.mean, stored.mean(axis=0), rtol=1e-6 if "64" not in kind else 1e-12)
    np.testing.assert_allclose(np.delete(statistics.deviation, 4), np.delete(stored.std(axis=0), 4), rtol=1e-6)
    assert statistics.deviation[4] == 1.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("value", "text"), [(np.nan, "NaN"), (np.inf, "inf"), (-np.inf, "inf")])
def test_a_feature_that_is_not_finite_is_named(value: float, text: str, kind: str, tmp_path: Path) -> None:
    features = tall()[0]
    features[131, 7] = features[180, 2] = value
    message = f"X contains {text}, first in column 7 at row 131; expected finite features"
    with pytest.raises(UserError, match=message):
        Design(given(kind, features, tmp_path)).check()


@pytest.mark.parametrize("kind", KINDS)
def test_a_check_measures_in_one_pass(kind: str, tmp_path: Path) -> None:
    features = tall()[0]
    features[150, 3] = -60.0
    design = Design(given(kind, features, tmp_path))
    largest, lengths = design.check()
    assert largest == 60.0
    np.testing.assert_allclose(lengths, (features**2).sum(axis=1), rtol=1e-2)
    assert design.passes == 1


def test_a_file_of_fewer_rows_than_a_block_is_read_whole(tmp_path: Path) -> None:
    features = blobs(5, 3, 2)[0]
    ((rows, block),) = ((rows, block.copy()) for rows, block in Design(file_of(tmp_path, features)).blocks())
    assert rows == slice(0, 5)
    np.testing.assert_array_equal(block, features)
