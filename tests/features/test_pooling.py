import numpy as np
import pytest
import torch

from dcgan_probe.features import pool_to_grid
from dcgan_probe.runtime import UserError


def windows(maps, window, reduce):
    rows, channels, side, _ = maps.shape
    result = np.empty((rows, channels, side // window, side // window), maps.dtype)
    for top in range(side // window):
        for left in range(side // window):
            block = maps[:, :, top * window : (top + 1) * window, left * window : (left + 1) * window]
            result[:, :, top, left] = reduce(block, axis=(2, 3))
    return result.reshape(rows, -1)


# Sides of the six layers' maps of the ImageNet net, and the windows that reduce them to 4 x 4.
@pytest.mark.parametrize(("side", "window"), [(32, 8), (16, 4), (8, 2), (4, 1)])
@pytest.mark.parametrize(("pool", "reduce"), [("max", np.max), ("avg", np.mean)])
def test_windows_of_the_paper(side, window, pool, reduce):
    maps = torch.randn((3, 5, side, side), generator=torch.Generator().manual_seed(side), dtype=torch.float64)
    for layout in (torch.contiguous_format, torch.channels_last):
        found = pool_to_grid(maps.contiguous(memory_format=layout), 4, pool)
        assert found.shape == (3, 5 * 16)
        np.testing.assert_allclose(found.numpy(), windows(maps.numpy(), window, reduce), rtol=1e-12)


@pytest.mark.parametrize("grid", [1, 2, 8])
def test_other_grids(grid):
    maps = torch.randn((2, 3, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    np.testing.assert_allclose(pool_to_grid(maps, grid).numpy(), windows(maps.numpy(), 8 // grid, np.max))


@pytest.mark.parametrize("grid", [0, -1, 3, 5, 16])
def test_grid_that_does_not_divide_is_refused(grid):
    with pytest.raises(UserError) as caught:
        pool_to_grid(torch.zeros(1, 1, 8, 8), grid)
    assert str(caught.value) == f"a grid of {grid} does not divide maps of 8 x 8; use a divisor"
    assert caught.value.parameter == "grid"


def test_unknown_pooling_is_refused():
    with pytest.raises(UserError, match="unknown pooling 'sum': expected max or avg") as caught:
        pool_to_grid(torch.zeros(1, 1, 4, 4), 4, "sum")
    assert caught.value.parameter == "pool"
