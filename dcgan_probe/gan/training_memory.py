"""Lower bound of the memory of a training, computed from its config before anything is allocated."""

from itertools import accumulate, pairwise
from operator import floordiv
from typing import TYPE_CHECKING

from ..networks import NetworkConfig
from ..runtime import available_memory, check_memory
from .config import TrainConfig

if TYPE_CHECKING:
    import torch

WEIGHT_BYTES = 16
"""Bytes of a parameter: itself, its gradient and Adam's two moments, in float32."""
REMEDY = (
    "use fewer maps (`ndf`, `ngf`, `multipliers`), a shorter `nz`, fewer units (`hidden`), smaller images or a "
    "smaller `batch_size`"
)


def least_parameters(network: NetworkConfig) -> int:
    """Count the weights of both networks' convolutions, projections and hidden layers; other weights are far fewer."""
    count = 0
    for width in (network.ndf, network.ngf):
        maps = [network.nc, *(width * multiplier for multiplier in network.multipliers)]
        count += network.kernel**2 * sum(first * second for first, second in pairwise(maps))
    first_units = network.ngf * network.multipliers[-1] * network.last_map**2
    hidden = network.hidden
    if hidden:
        return count + hidden * (network.last_units + network.nz + first_units)
    return count + network.last_units + network.nz * first_units


def least_map_values(network: NetworkConfig) -> int:
    """Count the map values of one image that a forward pass through both networks stores for the backward pass."""
    sides = [*accumulate(network.strides, floordiv, initial=network.image_size)][1:]
    areas = zip(network.multipliers, sides, strict=True)
    return (network.ndf + network.ngf) * sum(multiplier * side**2 for multiplier, side in areas)


def check_training_memory(config: TrainConfig, device: "torch.device | None" = None, ranks: int = 1) -> None:
    """Check that the weights and maps of a training fit into memory.

    Parameters
    ----------
    device
        Device of the training; the CPU by default.
    ranks
        Processes that share each batch.

    Raises
    ------
    UserError
        If they do not fit; the error gives the needed and the available memory, and the parameters to reduce.
    """
    itemsize = 2 if config.precision == "bfloat16" else 4
    weights = WEIGHT_BYTES * least_parameters(config.network)
    maps = itemsize * -(-config.batch_size // ranks) * least_map_values(config.network)
    if device is not None and device.type == "cuda":
        import torch

        available = torch.cuda.mem_get_info(device)[0]
    else:
        available = available_memory()
    check_memory(
        f"a training of these networks ({weights / 1e9:,.1f} GB for weights, {maps / 1e9:,.1f} GB for the maps of a "
        f"batch of {config.batch_size:,})",
        weights + maps,
        available,
        REMEDY,
    )
