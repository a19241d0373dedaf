"""Classes of a conditional run, and labels of its samples."""

import torch

from ..images import class_index
from ..networks import NetworkConfig
from ..runtime import UserError
from .run import Run

SHOWN_NAMES = 20


def find_class(run: Run, text: str) -> int:
    """Return the number of a conditional run's class, given by its name in the training images or by its number.

    Raises
    ------
    UserError
        If the run is not conditional, or has no such class.
    """
    classes, names = run.config.network.classes, run.trained_on.class_names or ()
    require_conditional(run)
    if (index := class_index(names, text)) is not None:
        return index
    if text.isdecimal() and int(text) < classes:
        return int(text)
    known = [*names[:SHOWN_NAMES], "..."] if len(names) > SHOWN_NAMES else list(names)
    listed = f" or one of {', '.join(known)}" if known else ""
    raise UserError(f"got class {text!r}, expected 0 to {classes - 1}{listed}", parameter="label")


def require_conditional(run: Run) -> None:
    """Check that a run is conditional."""
    if not run.config.network.classes:
        raise UserError(
            f"{run.folder} is not conditional: its generator takes no class; train one with `dcgan-probe train "
            "--preset conditional` on a labeled set",
            parameter="run",
        )


def sample_labels(config: NetworkConfig, numbers: torch.Tensor, label: int | None = None) -> torch.Tensor | None:
    """Return the labels of samples by their numbers: the classes in turn, or ``label`` for all of them.

    Parameters
    ----------
    numbers
        int64 (N,), from 0 on.

    Returns
    -------
    torch.Tensor or None
        int64 (N,); None for an unconditional network.
    """
    if not config.classes:
        return None
    return numbers % config.classes if label is None else torch.full_like(numbers, label)
