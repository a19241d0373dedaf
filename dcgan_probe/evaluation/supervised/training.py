"""Supervised training of a classifier with the discriminator's architecture, and the space of its settings.

Fixed settings are minibatches of 128, as in the training of the GAN; Adam with its default betas, since the paper's
beta1 of 0.5 stabilizes a game of two networks; a learning rate that falls linearly to 0, so that a training of any
length ends with small steps; and no augmentation, as in the paper.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim.swa_utils import update_bn

from ...images import to_signed
from ...networks import NetworkConfig, convolution_layers, initialised
from ...runtime import derive_seed, numpy_generator, single_thread, torch_generator

BATCH = 128
PREDICTED_AT_ONCE = 512
WARM_UP, STEPS = 2, 6
"""Steps of the trainings that measure the rate."""
SPACE_VERSION = 1
"""Version of the ranges below and of the training of a setting; another version gives other numbers."""
LEARNING_RATES = (1e-4, 1e-2)
WEIGHT_DECAYS = (1e-6, 1e-2)
WITHOUT_DECAY = 0.25
"""Share of the settings without weight decay."""
DROPOUTS = (0.0, 0.8)
PASSES = (10, 150)


@dataclass(frozen=True)
class Setting:
    """Setting of a training, drawn by random search."""

    learning_rate: float
    """Learning rate of Adam at the first step."""
    weight_decay: float
    """L2 penalty coupled into Adam, as in the GAN's training."""
    dropout: float
    """Share of the output layer's inputs that are set to 0 in a training step."""
    passes: int
    """Length of the training: passes over the labeled images."""


def draw_setting(seed: int, number: int) -> Setting:
    """Draw setting ``number``, from 0; it does not depend on how many settings are drawn.

    Learning rate, weight decay and length are log-uniform, dropout is uniform. The paper gives no ranges; these extend
    from too small to too large values for 1,000 images.
    """
    random = numpy_generator(seed, "supervised", "setting", number)
    rate, decay, passes = (_log_uniform(random, *ends) for ends in (LEARNING_RATES, WEIGHT_DECAYS, PASSES))
    dropout, share = random.uniform(*DROPOUTS), random.uniform()
    return Setting(rate, 0.0 if share < WITHOUT_DECAY else decay, dropout, round(passes))


def _log_uniform(random: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(random.uniform(np.log(low), np.log(high))))


def describe_ranges() -> dict[str, str]:
    """Describe the range of each field of a setting."""
    return {
        "learning rate": f"{LEARNING_RATES[0]:g} to {LEARNING_RATES[1]:g}, log-uniform; falls to 0 linearly",
        "weight decay": f"0 in {WITHOUT_DECAY:.0%}, else {WEIGHT_DECAYS[0]:g} to {WEIGHT_DECAYS[1]:g}, log-uniform",
        "dropout": f"{DROPOUTS[0]:g} to {DROPOUTS[1]:g}, uniform",
        "passes": f"{PASSES[0]} to {PASSES[1]}, log-uniform",
    }


class SupervisedNetwork(nn.Module):
    """Layers of the discriminator, with one output and bias per class instead of a single output.

    Dropout is applied only before the output layer, since it would change the variances on which a later batch
    normalization relies.
    """

    def __init__(self, config: NetworkConfig, classes: int):
        super().__init__()
        # No layer is conditioned on the label, since the network has to predict it.
        self.layers = convolution_layers(replace(config, classes=0))
        self.output = nn.Linear(config.last_units, classes)

    def last_maps(self, signed: torch.Tensor) -> torch.Tensor:
        """Compute the inputs (N, units) of the output layer for signed images (N, nc, image_size, image_size)."""
        maps = signed
        for layer in self.layers.values():
            maps = layer(maps)  # (N, maps, h, w)
        return maps.flatten(1)

    def forward(self, signed: torch.Tensor) -> torch.Tensor:
        """Compute the logits (N, classes), without dropout."""
        return self.output(self.last_maps(signed))


def build_supervised(config: NetworkConfig, classes: int, seed: int) -> SupervisedNetwork:
    """Build an untrained network, initialized like the GAN; the same seed gives the same weights."""
    random = torch_generator(seed, "initialise", "supervised")
    return initialised(lambda: SupervisedNetwork(config, classes), random)


def train_supervised(
    images: np.ndarray,
    labels: np.ndarray,
    setting: Setting,
    config: NetworkConfig,
    *,
    classes: int,
    seed: int,
    device: torch.device,
) -> SupervisedNetwork:
    """Train on labeled images with softmax cross-entropy.

    Parameters
    ----------
    images
        uint8 (n, nc, image_size, image_size).
    labels
        int64 (n,), 0 to ``classes`` - 1.
    seed
        Seed of the initial weights, of the order of the images and of dropout.

    Returns
    -------
    SupervisedNetwork
        In evaluation mode, on ``device``. After a diverged training, some weights are not finite.
    """
    network = build_supervised(config, classes, seed).to(device).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(
        network.parameters(),
        lr=setting.learning_rate,
        weight_decay=setting.weight_decay,
        fused=device.type in ("cpu", "cuda"),
    )
    pixels, targets = torch.from_numpy(images).to(device), torch.from_numpy(labels).to(device)
    steps = count_steps(len(images), setting.passes)
    for step, rows in enumerate(batches(len(images), setting.passes, seed)):
        for group in optimizer.param_groups:
            group["lr"] = setting.learning_rate * (1 - step / steps)
        random = torch_generator(seed, "dropout", step, device=device)
        supervised_step(network, optimizer, _signed(pixels[rows]), targets[rows], setting.dropout, random)
    estimate_statistics(network, pixels, seed)
    return network.eval()


def training_rate(network: NetworkConfig, classes: int, device: torch.device) -> float:
    """Measure the training rate in images per second, in short trainings on noise; on the CPU, with one thread."""
    shape = (BATCH, network.nc, network.image_size, network.image_size)
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    labels, seconds = np.arange(BATCH) % classes, []
    for steps in (WARM_UP, WARM_UP, WARM_UP + STEPS):
        setting, started = Setting(1e-3, 0.0, 0.5, steps), time.perf_counter()
        with single_thread():
            trained = train_supervised(images, labels, setting, network, classes=classes, seed=0, device=device)
        trained.output.bias[0].item()  # waits for the device
        seconds.append(time.perf_counter() - started)
    return STEPS * BATCH / max(seconds[2] - seconds[1], 1e-9)


def count_steps(rows: int, passes: int) -> int:
    """Return the number of full batches in ``passes`` passes over ``rows`` images."""
    return rows * passes // min(BATCH, rows)


def batches(rows: int, passes: int, seed: int) -> Iterator[torch.Tensor]:
    """Yield the rows, int64 (128,), of each batch; all batches are full, so a batch may span two passes.

    Each pass is a new permutation. With fewer than 128 rows, a batch has all of them.
    """
    orders = [torch.randperm(rows, generator=torch_generator(seed, "order", number)) for number in range(passes)]
    yield from torch.cat(orders).split(min(BATCH, rows))[: count_steps(rows, passes)]


def supervised_step(
    network: SupervisedNetwork,
    optimizer: torch.optim.Optimizer,
    signed: torch.Tensor,
    labels: torch.Tensor,
    dropout: float,
    random: torch.Generator,
) -> None:
    """Update the network once, on signed images (n, nc, H, W) and their labels int64 (n,)."""
    optimizer.zero_grad(set_to_none=True)
    units = network.last_maps(signed)
    kept = torch.rand(units.shape, generator=random, device=units.device) >= dropout
    cross_entropy(network.output(units * kept / (1 - dropout)), labels).backward()
    optimizer.step()


def estimate_statistics(network: SupervisedNetwork, pixels: torch.Tensor, seed: int) -> None:
    """Set the statistics of batch normalization to averages over the batches of one pass over the training images.

    These belong to the final weights. The running averages of the training would lag behind weights that change
    quickly at a large learning rate.
    """
    one_pass = batches(len(pixels), 1, derive_seed(seed, "statistics"))
    update_bn((_signed(pixels[rows]) for rows in one_pass), network)


def predict(network: SupervisedNetwork, images: np.ndarray) -> np.ndarray:
    """Predict the labels int64 (n,) of uint8 images (n, nc, H, W), block by block."""
    device = network.output.weight.device
    with torch.inference_mode():
        blocks = torch.from_numpy(images).split(PREDICTED_AT_ONCE)
        return torch.cat([network(_signed(block.to(device))).argmax(1).cpu() for block in blocks]).numpy()


def _signed(pixels: torch.Tensor) -> torch.Tensor:
    return to_signed(pixels).contiguous(memory_format=torch.channels_last)
