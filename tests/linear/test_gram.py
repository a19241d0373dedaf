import numpy as np
import pytest

from dcgan_probe.linear._solver.design import Design
from dcgan_probe.linear._solver.gram import gram_matrix

from .cases import wide


@pytest.mark.parametrize("small", [0, 10_000])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_the_gram_matrix_is_exact(dtype: type, order: str, small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcgan_probe.linear._solver.gram.BLOCK_BYTES", 0)  # blocks of 64 columns
    monkeypatch.setattr("dcgan_probe.linear._solver.gram.SMALL_ROWS", small)
    features = np.asarray(wide()[0].astype(dtype), order=order)
    exact = features.astype(np.float64)
    gram = gram_matrix(features)
    assert gram.dtype == np.float64
    np.testing.assert_allclose(gram, exact @ exact.T, rtol=1e-12)
    np.testing.assert_array_equal(gram, gram.T)
    scaled = gram_matrix(features, Design(features).measure())
    exact = (exact - exact.mean(axis=0)) / exact.std(axis=0)
    np.testing.assert_allclose(scaled, exact @ exact.T, rtol=1e-9, atol=1e-9)
