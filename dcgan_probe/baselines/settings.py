"""Settings of supervised training, drawn at random."""

from dataclasses import dataclass

import numpy as np

from ..runtime import numpy_generator

SPACE_VERSION = 1
"""Of the ranges below and of what training makes of a setting: another version gives other numbers."""
LEARNING_RATES = (1e-4, 1e-2)
WEIGHT_DECAYS = (1e-6, 1e-2)
WITHOUT_DECAY = 0.25
"""Share of the settings that have no weight decay."""
DROPOUTS = (0.0, 0.8)
PASSES = (10, 150)


@dataclass(frozen=True)
class Setting:
    """Fields that a random search varies."""

    learning_rate: float
    """Adam's, at the first step."""
    weight_decay: float
    """L2 penalty coupled into Adam, as in the GAN's training."""
    dropout: float
    """Share of the output layer's inputs that are set to 0 in a training step."""
    passes: int
    """Length of training: passes over the labeled images."""


def draw_setting(seed: int, number: int) -> Setting:
    """Draw setting ``number``, from 0 on; it is the same however many are drawn.

    Learning rate, weight decay and length are log-uniform, dropout is uniform. The paper names no range; these reach
    from too little to too much on 1,000 images.
    """
    random = numpy_generator(seed, "supervised", "setting", number)
    rate, decay, passes = (_log_uniform(random, *ends) for ends in (LEARNING_RATES, WEIGHT_DECAYS, PASSES))
    dropout, share = random.uniform(*DROPOUTS), random.uniform()
    return Setting(rate, 0.0 if share < WITHOUT_DECAY else decay, dropout, round(passes))


def _log_uniform(random: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(random.uniform(np.log(low), np.log(high))))


def describe_ranges() -> dict[str, str]:
    """Return the ranges that settings are drawn from, in words."""
    return {
        "learning rate": f"{LEARNING_RATES[0]:g} to {LEARNING_RATES[1]:g}, log-uniform; falls to 0 linearly",
        "weight decay": f"0 in {WITHOUT_DECAY:.0%}, else {WEIGHT_DECAYS[0]:g} to {WEIGHT_DECAYS[1]:g}, log-uniform",
        "dropout": f"{DROPOUTS[0]:g} to {DROPOUTS[1]:g}, uniform",
        "passes": f"{PASSES[0]} to {PASSES[1]}, log-uniform",
    }
