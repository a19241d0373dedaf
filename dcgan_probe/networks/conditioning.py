"""Takes labels, gives them as inputs of a class-conditional network's layers; knows no layer and no loss.

Source: the authors' MNIST script (``mnist/train_cond_dcgan.py``), after Mirza and Osindero, "Conditional generative
adversarial nets", 2014. Every layer of both networks gets the label beside what the layer before it gives::

    units (N, u)          ->  (N, u + classes)           one-hot
    maps  (N, m, h, w)    ->  (N, m + classes, h, w)     one map a class, 1 everywhere or 0 everywhere
"""

import torch
from torch.nn.functional import one_hot

from ..runtime import UserError
from .config import NetworkConfig


def one_hot_labels(config: NetworkConfig, labels: torch.Tensor | None) -> torch.Tensor | None:
    """Give labels as a network of this config takes them.

    Parameters
    ----------
    labels
        int64 (N,), 0 to ``config.classes`` - 1; None for a network without classes.

    Returns
    -------
    torch.Tensor or None
        float32 (N, classes), one 1 a row; None for a network without classes.

    Raises
    ------
    UserError
        If a conditional network gets no labels, or a network without classes gets some.
    """
    if labels is None and config.classes:
        raise UserError(
            f"got no labels for a network that is conditional on {config.classes} classes, expected one for each image "
            "or z; for features of images alone train an unconditional network, with `classes=0`"
        )
    if labels is None:
        return None
    if not config.classes:
        raise UserError("got labels for a network without classes, expected none; train one with `classes`")
    return one_hot(labels, config.classes).float()


def with_labels(values: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
    """Put one-hot labels behind units (N, u), or behind maps (N, m, h, w) as maps; None leaves the values as they are.

    Parameters
    ----------
    labels
        From ``one_hot_labels``: float32 (N, classes).
    """
    if labels is None:
        return values
    labels = labels.to(values.dtype)
    if values.ndim == 2:
        return torch.cat([values, labels], dim=1)
    constant = labels[:, :, None, None].expand(-1, -1, *values.shape[2:])
    # Of two tensors with the channels last, the join has them last too, as convolutions are faster.
    return torch.cat([values, constant.contiguous(memory_format=torch.channels_last)], dim=1)
