"""Threads per core: results are in order, each operation runs on one thread, and torch's threads are restored."""

import threading

import pytest
import torch

from dcgan_probe.runtime import map_on_cores


@pytest.mark.usefixtures("two_threads")
def test_results_come_in_order_from_single_threaded_workers():
    seen = map_on_cores(lambda item: (item, torch.get_num_threads(), threading.get_ident()), range(20))
    assert [item for item, _, _ in seen] == list(range(20))
    assert {threads for _, threads, _ in seen} == {1}
    assert threading.get_ident() not in {thread for _, _, thread in seen}
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_an_error_reaches_the_caller_and_leaves_the_threads_as_they_were():
    with pytest.raises(ZeroDivisionError):
        map_on_cores(lambda item: 1 / item, [1, 0])
    assert torch.get_num_threads() == 2
