"""Validation accuracy of a discriminator's features, cheap enough to be measured during training.

Half of a few thousand labeled training images train an L2-SVM, and the other half score it. The features are those of
the protocols: all layers, max-pooled to 4x4, with batch norm by the real-images rule.
"""

from typing import Any

import numpy as np
import torch

from ..features import DiscriminatorEncoder, EncoderOrigin, count_columns, permuted_rows, real_statistics
from ..images import ImageSet
from ..linear import C_GRID, fit_path, predict_path
from ..networks import Discriminator, NetworkConfig
from ..runtime import UserError, numpy_generator
from .draws import class_rows, draw_rows

STATISTICS_IMAGES = 32 * 128
"""Training images of the GAN for the batch-norm statistics: 32 batches of the rule instead of all."""
TOLERANCE = 1e-3
"""Relative gap of a fit, negligible beside the standard error over 2,000 images of about one percentage point."""
GRID = 4
SEED = 0
"""Seed of the draw, the same for all runs, so that their accuracies can be compared."""
UNRECORDED = EncoderOrigin("dcgan", "", "", 0, 0, "", 0)


class TrainingProbe:
    """Accuracy on the held-out half of one fixed draw of labeled training images."""

    def __init__(
        self,
        labeled: ImageSet,
        labels: int,
        *,
        network: NetworkConfig,
        unlabeled: ImageSet,
        device: torch.device,
    ):
        """Draw the images, the same number of each class, and read them into memory.

        Parameters
        ----------
        labeled
            Training split of a labeled set, of the network's size.
        labels
            Number of images to draw: an even number for each class.
        network
            Config of the discriminators to evaluate.
        unlabeled
            Training images of the GAN, for the batch-norm statistics.
        device
            Device of the encoder.

        Raises
        ------
        UserError
            If the set is not a training split, has no labels or images of another size, a class has too few images, or
            the maps of the network cannot be pooled to 4x4.
        """
        _check_images(labeled, network)
        known, classes = labeled.require_labels("the probe during training"), labeled.classes
        half = _half_of_each_class(labeled, labels)
        rows = draw_rows(known, classes, 2 * half, numpy_generator(SEED, labeled.name, "training probe"))
        trains = draw_rows(known[rows], classes, half, numpy_generator(SEED, labeled.name, "training probe, half"))
        drawn, self._trains = labeled.subset(rows), np.isin(np.arange(len(rows)), trains)
        self._images, self._labels = drawn.images[:], known[rows]
        self._statistics_of = unlabeled.subset(permuted_rows(len(unlabeled))[:STATISTICS_IMAGES])
        self._device = device
        self.description: dict[str, Any] = {
            "dataset": labeled.name,
            "labels": labels,
            "seed": SEED,
            "fingerprint": drawn.fingerprint,
        }
        """JSON-compatible settings that decide the accuracy of a discriminator."""

    def __call__(self, discriminator: Discriminator) -> float:
        """Compute the accuracy on the held-out images, 0 to 1, with the best C of the authors' seven.

        C is chosen on the held-out images, so the accuracy only serves to compare states of a run. The discriminator is
        not changed.
        """
        statistics = real_statistics(discriminator, self._statistics_of, self._device)
        encoder = DiscriminatorEncoder(discriminator, UNRECORDED, statistics=statistics, grid=GRID, device=self._device)
        blocks = (self._images[start : start + encoder.batch] for start in range(0, len(self._images), encoder.batch))
        features = np.concatenate([encoder.encode(block) for block in blocks])
        fits = fit_path(features[self._trains], self._labels[self._trains], C_GRID, tol=TOLERANCE)
        predicted = predict_path(fits, features[~self._trains])
        return float((predicted == self._labels[~self._trains]).mean(axis=1).max())


def _check_images(labeled: ImageSet, network: NetworkConfig) -> None:
    """Check that images are a training split of the network's size, and that its maps can be pooled to 4x4."""
    if labeled.split != "train":
        raise UserError(
            f"got the {labeled.split} split of {labeled.name} for the probe during training, expected training "
            "images, since the test split must not choose anything",
            parameter="probe_dataset",
        )
    shape, expected = labeled.images.shape[1:], (network.nc, network.image_size, network.image_size)
    if shape != expected:
        raise UserError(
            f"got images of {shape} (channels, height, width) for the probe during training, expected {expected} "
            f"for the network; make a copy with `dcgan-probe prepare {labeled.name} --size {expected[1]} "
            f"--channels {expected[0]}`",
            parameter="probe_dataset",
        )
    count_columns(network, None, GRID)


def _half_of_each_class(labeled: ImageSet, labels: int) -> int:
    """Return the number of images of each class that train, and that score, if ``labels`` images are drawn in total."""
    known, classes = labeled.require_labels("the probe during training"), labeled.classes
    try:
        fewest = int(class_rows(known, classes, labeled.name).min())
    except UserError as error:
        # The message is right, but the parameter has another name here.
        raise UserError(str(error), parameter="probe_dataset") from error
    half, rest = divmod(labels, 2 * classes)
    if rest or not 0 < half <= fewest // 2:
        raise UserError(
            f"got {labels} labels for the probe during training, expected a multiple of {2 * classes} up to "
            f"{fewest // 2 * 2 * classes}: an equal number of each of {classes} classes of {labeled.name}, half of "
            "them held out",
            parameter="probe_labels",
        )
    return half
