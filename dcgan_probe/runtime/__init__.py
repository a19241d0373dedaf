"""Floor 0. Device, memory, precision, ranks, seeds, processes, versions and the user's error: for any floor."""

from typing import TYPE_CHECKING

from .late_names import import_when_used

if TYPE_CHECKING:
    from .devices import (
        PRECISIONS,
        autocast,
        convolution_kernels,
        describe_device,
        full_float32,
        parse_device,
        resolve_device,
        resolve_precision,
        single_thread,
        untried_kernels,
    )
    from .errors import Notice, UserError
    from .memory import (
        available_memory,
        check_memory,
        freed_memory_kept,
        gpu_memory_in_use,
        is_out_of_memory,
        memory_in_use,
    )
    from .processes import available_cores, require_main_guard, run_tasks
    from .ranks import ALONE, FirstRankError, Ranks, joined_ranks, launched_rank, rank_device
    from .seeds import derive_seed, numpy_generator, torch_generator
    from .versions import package_version, versions
    from .workers import map_on_cores

__all__ = [
    "ALONE",
    "PRECISIONS",
    "FirstRankError",
    "Notice",
    "Ranks",
    "UserError",
    "autocast",
    "available_cores",
    "available_memory",
    "check_memory",
    "convolution_kernels",
    "derive_seed",
    "describe_device",
    "freed_memory_kept",
    "full_float32",
    "gpu_memory_in_use",
    "is_out_of_memory",
    "joined_ranks",
    "launched_rank",
    "map_on_cores",
    "memory_in_use",
    "numpy_generator",
    "package_version",
    "parse_device",
    "rank_device",
    "require_main_guard",
    "resolve_device",
    "resolve_precision",
    "run_tasks",
    "single_thread",
    "torch_generator",
    "untried_kernels",
    "versions",
]

import_when_used(__name__)
