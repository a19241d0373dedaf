"""Threads for chains of small torch operations, one per core."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_on_cores(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Apply ``work`` to each item, in as many Python threads as torch has, with each torch operation on one thread.

    Chains of small operations are faster this way than with each operation split among the cores, since the data of a
    chain stays in the cache of its core. Torch's number of threads is restored afterwards.

    Returns
    -------
    list
        Results in the order of the items.
    """
    import torch

    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(work, items))
    finally:
        torch.set_num_threads(threads)
