"""Conversion of rows to another dtype."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dcgan_probe.linear._solver.conversion import THREADS, convert


@pytest.mark.parametrize("to", [np.float32, np.float64])
@pytest.mark.parametrize("columns", [1, 64, 1024])
def test_every_finite_half_keeps_its_value(to: type, columns: int) -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    halves = halves[: len(halves) // columns * columns].reshape(-1, columns)
    block = np.empty(halves.shape, to)
    with ThreadPoolExecutor(THREADS) as pool:
        convert(halves, block, pool)
    np.testing.assert_array_equal(block, halves.astype(to))
    assert (np.signbit(block) == np.signbit(halves)).all()


@pytest.mark.parametrize("bits", [0x7C00, 0xFC00, 0x7E00])
def test_a_half_that_is_not_finite_becomes_something_larger_than_any_half(bits: int) -> None:
    halves = np.array([[bits]], dtype=np.uint16).view(np.float16)
    block = np.empty((1, 1), np.float32)
    with ThreadPoolExecutor(THREADS) as pool:
        convert(halves, block, pool)
    assert abs(block[0, 0]) > np.finfo(np.float16).max


@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_of_any_layout_are_copied(order: str) -> None:
    source = np.asarray(np.random.default_rng(0).standard_normal((7, 5)), dtype=np.float32, order=order)
    block = np.empty((7, 5))
    with ThreadPoolExecutor(THREADS) as pool:
        convert(source, block, pool)
        np.testing.assert_array_equal(block, source)
        convert(source[:1], block[:1], pool)  # fewer rows than threads
