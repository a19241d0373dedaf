"""Autoencoders with 3072-128-3072 units, and the hashes of images that they give.

The paper's network has dropout on the inputs as the noise, a ReLU code, a linear output, and squared error against the
clean inputs. It is trained on at most 50,000 rows drawn from the set, so that memory does not grow with the set.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import mse_loss, relu

from ..images import ImageSet
from ..runtime import UserError, numpy_generator, torch_generator
from ..storage import fingerprint_settings, locked, read_arrays, write_arrays
from .views import INPUTS, detail_inputs, to_pictures, whole_inputs

UNITS = 128
BATCH, LEARNING_RATE, DROPPED = 256, 1e-3, 0.2
MOST_ROWS = 50_000  # 150 MB of pictures
READ: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {"whole": whole_inputs, "detail": detail_inputs}
ARRAYS = ("weight", "bias", "loss")


@dataclass(frozen=True, eq=False)
class Encoder:
    """First half of a trained autoencoder."""

    weight: torch.Tensor
    """float32 (128, 3072)."""

    bias: torch.Tensor
    """float32 (128,)."""

    read: str
    """Part of a picture that is encoded: ``whole`` or ``detail``."""

    loss: float
    """Mean squared error of the last batches; inputs have a mean square of at most 1."""

    def code(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the ReLU code (n, 128) of inputs (n, 3072)."""
        return relu(inputs @ self.weight.T + self.bias)

    def hashes(self, inputs: torch.Tensor) -> np.ndarray:
        """Threshold the code of inputs (n, 3072) as in the paper: a bit is 1 if its unit is active; uint8 (n, 16)."""
        return np.packbits((self.code(inputs) > 0).numpy(), axis=1)

    def hash_set(self, images: ImageSet, progress: Callable[[int], None] = lambda done: None) -> np.ndarray:
        """Hash every image, in blocks: uint8 (N, 16)."""
        hashes, done = [], 0
        for block in images.blocks():
            hashes.append(self.hashes(READ[self.read](to_pictures(block))))
            progress(done := done + len(block))
        return np.concatenate(hashes)


def kept_encoder(
    folder: Path,
    images: ImageSet,
    read: str,
    *,
    images_seen: int,
    seed: int,
    progress: Callable[[int], None] = lambda seen: None,
) -> Encoder:
    """Return the encoder stored in ``folder`` for these images and settings; train and store it if it is missing.

    Raises
    ------
    UserError
        If there are fewer than two images, or the file is corrupt or cannot be written.
    """
    settings = {
        "version": 1,
        "images": images.fingerprint,
        "read": read,
        "images_seen": images_seen,
        "seed": seed,
        "training": [UNITS, BATCH, LEARNING_RATE, DROPPED, MOST_ROWS],
    }
    path = folder / f"{images.name}-{read}-{fingerprint_settings(settings)}.npz"
    with locked(path):
        if path.exists():
            arrays = read_arrays(path, ARRAYS)
            weight, bias = (torch.from_numpy(arrays[name]) for name in ("weight", "bias"))
            return Encoder(weight, bias, read, float(arrays["loss"]))
        encoder = train_encoder(images, read, images_seen=images_seen, seed=seed, progress=progress)
        write_arrays(path, weight=encoder.weight.numpy(), bias=encoder.bias.numpy(), loss=encoder.loss)
    return encoder


def train_encoder(
    images: ImageSet,
    read: str,
    *,
    images_seen: int,
    seed: int,
    progress: Callable[[int], None] = lambda seen: None,
) -> Encoder:
    """Train the autoencoder on random batches of 256 with Adam, whose learning rate falls linearly to 0.

    Parameters
    ----------
    read
        Part of the pictures to encode: ``whole`` or ``detail``.
    images_seen
        Total number of images in all batches; rounded up to whole batches.
    seed
        Seed of the rows, the initial weights, the batches and the dropout.
    progress
        Called with the images seen so far.

    Raises
    ------
    UserError
        If there are fewer than two images.
    """
    if len(images) < 2:
        raise UserError(f"{images.name}: got {len(images)} image, expected at least two", parameter="dataset")
    random = torch_generator(seed, "deduplication", read)
    pictures = sample_pictures(images, seed)
    encode, decode = (_linear(*sizes, random) for sizes in ((INPUTS, UNITS), (UNITS, INPUTS)))
    optimizer = torch.optim.Adam([*encode.parameters(), *decode.parameters()], LEARNING_RATE)
    steps, losses = -(-images_seen // BATCH), []
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = LEARNING_RATE * (1 - step / steps)
        rows = torch.randint(len(pictures), (BATCH,), generator=random)
        inputs = READ[read](pictures[rows].float())
        kept = torch.rand(inputs.shape, generator=random) >= DROPPED
        loss = mse_loss(decode(relu(encode(inputs * kept / (1 - DROPPED)))), inputs)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
        progress(min((step + 1) * BATCH, images_seen))
    weight, bias = encode.weight.detach(), encode.bias.detach()
    return Encoder(weight, bias, read, torch.stack(losses[-100:]).mean().item())


def sample_pictures(images: ImageSet, seed: int) -> torch.Tensor:
    """Draw at most 50,000 rows of a set as pictures, uint8 (n, 3, 32, 32), rounded."""
    random = numpy_generator(seed, "deduplication", "rows")
    rows = np.sort(random.choice(len(images), min(len(images), MOST_ROWS), replace=False))
    blocks = (to_pictures(images.images[part]) for part in np.array_split(rows, -(-len(rows) // 2048)))
    return torch.cat([block.round().to(torch.uint8) for block in blocks])


def _linear(inputs: int, outputs: int, random: torch.Generator) -> nn.Linear:
    """Build a layer with uniform weights of variance 1 / (3 inputs), torch's default, and a bias of 0."""
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs)
    bound = inputs**-0.5
    nn.init.uniform_(layer.weight, -bound, bound, generator=random)
    nn.init.zeros_(layer.bias)
    return layer
