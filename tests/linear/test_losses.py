import numpy as np
import pytest
import torch

from dcgan_probe.linear import LOSSES
from dcgan_probe.linear._solver.losses import Logistic, dots, squares, stacked, vectors

STEP = 1e-6


def drawn(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores and slopes (J, Q, N) and targets of 3 problems of 40 rows, more than a step from the hinge."""
    draw = np.random.default_rng(0)
    if name == "logistic":
        scores = 2.0 * draw.standard_normal((3, 4, 40))
        return scores, draw.standard_normal(scores.shape), draw.integers(0, 4, (3, 40))
    scores = 2.0 * draw.standard_normal((3, 1, 40))
    targets = draw.choice([-1.0, 1.0], (3, 40))
    assert np.abs(1.0 - targets * scores[:, 0]).min() > 10 * STEP
    return scores, draw.standard_normal(scores.shape), targets


@pytest.mark.parametrize("name", LOSSES)
def test_residuals_are_minus_the_slope_of_the_loss(name: str) -> None:
    scores, _, targets = drawn(name)
    _, residuals = LOSSES[name].evaluate(scores, targets)
    assert residuals.shape == scores.shape
    for q in range(scores.shape[1]):
        shift = np.zeros_like(scores)
        shift[:, q] = STEP
        ahead, behind = (LOSSES[name].evaluate(scores + sign * shift, targets)[0] for sign in (1, -1))
        np.testing.assert_allclose(-residuals[:, q], (ahead - behind) / (2 * STEP), atol=1e-7)


@pytest.mark.parametrize("name", LOSSES)
def test_the_hessian_vector_product_is_minus_the_change_of_the_residuals(name: str) -> None:
    scores, slopes, targets = drawn(name)
    ahead, behind = (LOSSES[name].evaluate(scores + sign * STEP * slopes, targets)[1] for sign in (1, -1))
    hessian_vector_product = LOSSES[name].hessian_vector_product(scores, targets, slopes)
    np.testing.assert_allclose(hessian_vector_product, (behind - ahead) / (2 * STEP), atol=1e-7)


@pytest.mark.parametrize("name", LOSSES)
def test_curvature_is_the_diagonal_of_the_hessian(name: str) -> None:
    scores, _, targets = drawn(name)
    curvature = LOSSES[name].curvature(scores, targets)
    for q in range(scores.shape[1]):
        alone = np.zeros_like(scores)
        alone[:, q] = 1.0
        np.testing.assert_allclose(
            curvature[:, q], LOSSES[name].hessian_vector_product(scores, targets, alone)[:, q], rtol=1e-12
        )


def test_the_losses_are_those_of_the_paper() -> None:
    scores, targets = np.array([[[0.25, -0.5, 3.0, 1.25]]]), np.array([[1.0, 1.0, -1.0, 1.0]])
    np.testing.assert_allclose(LOSSES["svm"].evaluate(scores, targets)[0], [[0.75**2, 1.5**2, 16.0, 0.0]])
    np.testing.assert_allclose(LOSSES["ridge"].evaluate(scores, targets)[0], [[0.75**2, 1.5**2, 16.0, 0.25**2]])
    three = np.log([[[1.0], [2.0], [5.0]]])
    np.testing.assert_allclose(LOSSES["logistic"].evaluate(three, np.array([[1]]))[0], [[np.log(4.0)]])


def test_softmax_residuals_sum_to_zero_and_large_scores_stay_finite() -> None:
    scores, slopes, targets = drawn("logistic")
    losses, residuals = Logistic().evaluate(scores, targets)
    np.testing.assert_allclose(residuals.sum(axis=1), 0.0, atol=1e-14)
    np.testing.assert_allclose(Logistic().hessian_vector_product(scores, targets, slopes).sum(axis=1), 0.0, atol=1e-14)
    np.testing.assert_allclose(Logistic().evaluate(scores + 1e4, targets)[0], losses, atol=1e-10)
    large, found = Logistic().evaluate(1e30 * scores.astype(np.float32), targets)
    assert np.isfinite(large).all()
    assert np.isfinite(found).all()


@pytest.mark.parametrize("name", LOSSES)
def test_tensors_give_the_same_numbers(name: str) -> None:
    scores, slopes, targets = drawn(name)
    here, there = (scores, targets, slopes), tuple(torch.from_numpy(each) for each in (scores, targets, slopes))
    loss = LOSSES[name]
    np.testing.assert_allclose(
        loss.hessian_vector_product(*there), loss.hessian_vector_product(*here), rtol=1e-12, atol=1e-14
    )
    for method in (loss.evaluate, loss.curvature):
        for plain, tensor in zip(method(*here[:2]), method(*there[:2]), strict=True):
            np.testing.assert_allclose(tensor, plain, rtol=1e-12, atol=1e-14)


def test_shapes_of_problems_are_kept_in_order() -> None:
    arrays = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(stacked(arrays)[4], arrays[1, 1])
    np.testing.assert_array_equal(vectors(arrays)[1], arrays[1].ravel())
    np.testing.assert_allclose(squares(arrays), (arrays**2).sum(axis=(1, 2)))
    np.testing.assert_allclose(dots(arrays, arrays + 1.0), (arrays * (arrays + 1.0)).sum(axis=(1, 2)))
