"""Floor 0. Devices, precision, memory, ranks, processes, seeds, configs, progress, versions and user errors."""

from typing import TYPE_CHECKING

from .lazy_imports import import_when_used

if TYPE_CHECKING:
    from .config import (
        KINDS as KINDS,
        METADATA as METADATA,
        REQUIRED as REQUIRED,
        Config as Config,
        arguments_of as arguments_of,
        check_fields as check_fields,
        check_keys as check_keys,
        flag_of as flag_of,
        from_mapping as from_mapping,
        has_type as has_type,
        is_required as is_required,
        option as option,
        to_mapping as to_mapping,
    )
    from .devices import (
        PRECISIONS as PRECISIONS,
        autocast as autocast,
        convolution_kernels as convolution_kernels,
        describe_device as describe_device,
        full_float32 as full_float32,
        parse_device as parse_device,
        resolve_device as resolve_device,
        resolve_precision as resolve_precision,
        single_thread as single_thread,
        untried_kernels as untried_kernels,
    )
    from .errors import (
        Notice as Notice,
        UserError as UserError,
        did_you_mean as did_you_mean,
        located as located,
        require_instance as require_instance,
    )
    from .memory import (
        available_memory as available_memory,
        check_memory as check_memory,
        explained_memory as explained_memory,
        freed_memory_kept as freed_memory_kept,
        gpu_memory_in_use as gpu_memory_in_use,
        is_out_of_memory as is_out_of_memory,
        memory_in_use as memory_in_use,
    )
    from .processes import (
        available_cores as available_cores,
        require_main_guard as require_main_guard,
        run_tasks as run_tasks,
    )
    from .ranks import (
        ALONE as ALONE,
        FirstRankError as FirstRankError,
        Ranks as Ranks,
        joined_ranks as joined_ranks,
        launched_rank as launched_rank,
        rank_device as rank_device,
    )
    from .seeds import (
        derive_seed as derive_seed,
        numpy_generator as numpy_generator,
        torch_generator as torch_generator,
    )
    from .steps import (
        OnNote as OnNote,
        OnStep as OnStep,
        Step as Step,
        duration as duration,
        no_note as no_note,
        no_step as no_step,
    )
    from .threads import map_on_cores as map_on_cores
    from .versions import package_version as package_version, versions as versions
    from .workspace import Workspace as Workspace

import_when_used(__name__)
