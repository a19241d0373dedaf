"""Floor 0. Device, memory, precision, ranks, seeds, processes, versions and the user's error: for any floor."""

from typing import TYPE_CHECKING

from .late_names import import_when_used

if TYPE_CHECKING:
    from .config import Config, arguments_of, check_fields, flag_of, from_mapping, has_type, option, to_mapping
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
        explained_memory,
        freed_memory_kept,
        gpu_memory_in_use,
        is_out_of_memory,
        memory_in_use,
    )
    from .processes import available_cores, require_main_guard, run_tasks
    from .ranks import ALONE, FirstRankError, Ranks, joined_ranks, launched_rank, rank_device
    from .seeds import derive_seed, numpy_generator, torch_generator
    from .steps import OnNote, OnStep, Step, duration, no_note, no_step
    from .versions import package_version, versions
    from .workers import map_on_cores
    from .workspace import Workspace

__all__ = [
    "ALONE",
    "PRECISIONS",
    "Config",
    "FirstRankError",
    "Notice",
    "OnNote",
    "OnStep",
    "Ranks",
    "Step",
    "UserError",
    "Workspace",
    "arguments_of",
    "autocast",
    "available_cores",
    "available_memory",
    "check_fields",
    "check_memory",
    "convolution_kernels",
    "derive_seed",
    "describe_device",
    "duration",
    "explained_memory",
    "flag_of",
    "freed_memory_kept",
    "from_mapping",
    "full_float32",
    "gpu_memory_in_use",
    "has_type",
    "is_out_of_memory",
    "joined_ranks",
    "launched_rank",
    "map_on_cores",
    "memory_in_use",
    "no_note",
    "no_step",
    "numpy_generator",
    "option",
    "package_version",
    "parse_device",
    "rank_device",
    "require_main_guard",
    "resolve_device",
    "resolve_precision",
    "run_tasks",
    "single_thread",
    "to_mapping",
    "torch_generator",
    "untried_kernels",
    "versions",
]

import_when_used(__name__)
