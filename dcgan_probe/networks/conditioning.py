"""Labels as further inputs of every layer of a class-conditional network.

Source: the authors' MNIST script (``mnist/train_cond_dcgan.py``), after Mirza and Osindero, "Conditional generative
adversarial nets", 2014. In both networks the label is concatenated to the input of every layer::

    units (N, u)          ->  (N, u + classes)           one-hot
    maps  (N, m, h, w)    ->  (N, m + classes, h, w)     one map a class, 1 everywhere or 0 everywhere
"""

import torch
from torch.nn.functional import one_hot

from ..runtime import UserError
from .config import NetworkConfig


def one_hot_labels(config: NetworkConfig, labels: torch.Tensor | None) -> torch.Tensor | None:
    """Return labels in the form that a network of this config expects.

    Parameters
    ----------
    labels
        int64 (N,), 0 to ``config.classes`` - 1; None for a network without classes.

    Returns
    -------
    torch.Tensor or None
        float32 (N, classes) with one 1 in each row; None for a network without classes.

    Raises
    ------
    UserError
        If labels are missing for a conditional network, or given for a network without classes.
    """
    if labels is None and config.classes:
        raise UserError(
            f"got no labels for a network that is conditional on {config.classes} classes, expected one label for each "
            "image or z; to extract features without labels, train an unconditional network with `classes=0`"
        )
    if labels is None:
        return None
    if not config.classes:
        raise UserError("got labels for a network without classes, expected none; train one with `classes`")
    return one_hot(labels, config.classes).float()


def with_labels(values: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
    """Concatenate labels to units or maps.

    Parameters
    ----------
    values
        Float units (N, u) or maps (N, m, h, w).
    labels
        One-hot labels from ``one_hot_labels``, float32 (N, classes); None leaves ``values`` unchanged.

    Returns
    -------
    torch.Tensor
        Units (N, u + classes) or maps (N, m + classes, h, w), in the dtype of ``values``.
    """
    if labels is None:
        return values
    labels = labels.to(values.dtype)
    if values.ndim == 2:
        return torch.cat([values, labels], dim=1)
    constant = labels[:, :, None, None].expand(-1, -1, *values.shape[2:])
    # Concatenating two channels-last tensors gives a channels-last tensor, which convolutions read faster.
    return torch.cat([values, constant.contiguous(memory_format=torch.channels_last)], dim=1)
