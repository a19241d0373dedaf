import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from dcgan_probe.probe.objective import (
    DesignMatrix,
    Evaluation,
    Problems,
    evaluate,
    exact_step,
    find_margins,
    hessian_product,
)

from .cases import objective, one_vs_rest, tall


def make_problems(dtype: type = np.float64, penalties: tuple[float, ...] = (0.01, 2.0)) -> Problems:
    features, labels = tall()
    targets = one_vs_rest(labels).T.astype(dtype)
    classes = np.tile(np.arange(4), len(penalties))
    return Problems(DesignMatrix(features.astype(dtype)), targets, classes, np.repeat(penalties, 4))


def make_weights(problems: Problems) -> np.ndarray:
    return 0.1 * np.random.default_rng(3).standard_normal((len(problems.classes), problems.design.width))


def evaluate_at(problems: Problems, weights: np.ndarray) -> Evaluation:
    return evaluate(problems, weights, find_margins(problems, weights))


def test_values_are_the_written_out_sum() -> None:
    problems = make_problems()
    weights = make_weights(problems)
    values = evaluate_at(problems, weights).values
    for j, (k, penalty) in enumerate(zip(problems.classes, problems.penalties, strict=True)):
        expected = objective(problems.design.features, problems.targets[k], penalty, weights[j])
        assert values[j] == pytest.approx(expected, rel=1e-12)


def test_gradient_matches_finite_differences() -> None:
    problems = make_problems()
    weights = make_weights(problems)
    gradients = evaluate_at(problems, weights).gradients
    for column in range(problems.design.width):
        shift = np.zeros_like(weights)
        shift[:, column] = 1e-6
        slope = (evaluate_at(problems, weights + shift).values - evaluate_at(problems, weights - shift).values) / 2e-6
        np.testing.assert_allclose(gradients[:, column], slope, rtol=1e-5, atol=1e-6)


def test_hessian_product_matches_finite_differences_of_the_gradient() -> None:
    problems = make_problems()
    weights = make_weights(problems)
    vectors = np.random.default_rng(4).standard_normal(weights.shape)
    here = evaluate_at(problems, weights)
    products = hessian_product(problems, here.margins < 1.0, vectors)
    step = 1e-7
    ahead, behind = evaluate_at(problems, weights + step * vectors), evaluate_at(problems, weights - step * vectors)
    np.testing.assert_allclose(products, (ahead.gradients - behind.gradients) / (2 * step), rtol=1e-5, atol=1e-4)


def test_gap_is_the_primal_minus_the_dual_value() -> None:
    problems = make_problems()
    weights = make_weights(problems)
    found = evaluate_at(problems, weights)
    constant = np.hstack([problems.design.features, np.ones((len(problems.design.features), 1))])
    for j, penalty in enumerate(problems.penalties):
        sign = problems.targets[problems.classes[j]]
        alpha = 2.0 * penalty * np.maximum(0.0, 1.0 - sign * (constant @ weights[j]))
        image = constant.T @ (alpha * sign)
        dual = alpha.sum() - 0.5 * image @ image - (alpha @ alpha) / (4.0 * penalty)
        assert found.relative_gaps[j] == pytest.approx((found.values[j] - dual) / found.values[j], rel=1e-9)


def test_float32_features_are_evaluated_in_float64_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = make_problems(np.float32)
    wide = Problems(
        DesignMatrix(narrow.design.features.astype(np.float64)),
        narrow.targets.astype(np.float64),
        narrow.classes,
        narrow.penalties,
    )
    weights = make_weights(narrow)
    monkeypatch.setattr("dcgan_probe.probe.objective.BLOCK_NUMBERS", 70 * 12)
    sizes = [block.features.shape[0] for _, block in narrow.design.float64_blocks()]
    assert sizes == [70, 70, 60]
    got, expected = evaluate_at(narrow, weights), evaluate_at(wide, weights)
    np.testing.assert_allclose(got.values, expected.values, rtol=1e-13)
    np.testing.assert_allclose(got.gradients, expected.gradients, rtol=1e-11, atol=1e-11)
    assert got.margins.dtype == np.float64


@pytest.mark.parametrize("intercept", [True, False])
def test_moments_and_gram_are_those_of_the_stored_constant_column(
    intercept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcgan_probe.probe.objective.BLOCK_NUMBERS", 100)
    features, _ = tall()
    design = DesignMatrix(features, intercept)
    stored = np.hstack([features, np.ones((len(features), 1))]) if intercept else features
    np.testing.assert_allclose(design.moments(), stored.T @ stored, rtol=1e-12, atol=1e-10)
    np.testing.assert_allclose(design.gram(), stored @ stored.T, rtol=1e-12, atol=1e-10)
    np.testing.assert_allclose(design.squares(), (stored**2).sum(axis=0), rtol=1e-12)


@pytest.mark.parametrize("penalty", [1e-3, 1.0, 100.0])
def test_exact_step_finds_the_least_value_along_a_line(penalty: float) -> None:
    draw = np.random.default_rng(5)
    for scale in (0.1, 3.0):
        margins, slopes = draw.standard_normal(50), scale * draw.standard_normal(50) + 0.1
        weights, direction = draw.standard_normal(6), draw.standard_normal(6)

        def along(step: float) -> float:
            point = weights + step * direction  # noqa: B023
            slack = np.maximum(0.0, 1.0 - margins - step * slopes)  # noqa: B023
            return 0.5 * float(point @ point) + penalty * float(slack @ slack)

        settings = {"product": weights @ direction, "square": direction @ direction, "penalty": penalty}
        step = exact_step(margins, slopes, **settings)
        best = minimize_scalar(along, bounds=(0.0, 100.0), method="bounded", options={"xatol": 1e-10}).fun
        assert along(step) <= best + 1e-5 * (along(0.0) - best) + 1e-9
        # Beyond the least value the same direction leads up, so no step is made.
        beyond = {**settings, "product": (weights + 200.0 * direction) @ direction}
        assert exact_step(margins + 200.0 * slopes, slopes, **beyond) == 0.0
