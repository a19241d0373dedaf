"""Takes labelled training images, gives the validation accuracy of a discriminator's features; knows no run, no test.

Cheap, to be measured during training: half of a few thousand labelled images train an L2-SVM, the other half score it.
Features are the protocol's own: all layers, max-pooled to 4x4, batch norm by the real-images rule.
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
"""Training images of the GAN that give the batch-norm statistics: 32 of the rule's batches instead of all."""
TOLERANCE = 1e-3
"""Relative gap of a fit: of no consequence beside the standard error of 2,000 images, which is a point."""
GRID = 4
SEED = 0
"""Of the draw, the same for all runs, so that their accuracies can be compared."""
UNRECORDED = EncoderOrigin("dcgan", "", "", 0, 0, "", 0)


class TrainingProbe:
    """The accuracy of one fixed draw of labelled training images, half of them held out."""

    def __init__(
        self,
        labelled: ImageSet,
        labels: int,
        *,
        network: NetworkConfig,
        unlabelled: ImageSet,
        device: torch.device,
    ):
        """Draw the images, as many of each class, and read them into memory.

        Parameters
        ----------
        labelled
            Training split of a labelled set, of the network's size.
        labels
            Images to draw: an even number for each class.
        network
            Of the discriminators to come.
        unlabelled
            The GAN's own training images, for the batch-norm statistics.

        Raises
        ------
        UserError
            If the set is not a training split, has no labels or images of another size, a class has too few images, or
            the network's maps have no 4x4 grid.
        """
        _check_images(labelled, network)
        known, classes = labelled.require_labels("the probe during training"), labelled.classes
        half = _half_of_each_class(labelled, labels)
        rows = draw_rows(known, classes, 2 * half, numpy_generator(SEED, labelled.name, "training probe"))
        trains = draw_rows(known[rows], classes, half, numpy_generator(SEED, labelled.name, "training probe, half"))
        drawn, self._trains = labelled.subset(rows), np.isin(np.arange(len(rows)), trains)
        self._images, self._labels = drawn.images[:], known[rows]
        self._statistics_of = unlabelled.subset(permuted_rows(len(unlabelled))[:STATISTICS_IMAGES])
        self._device = device
        self.description: dict[str, Any] = {
            "dataset": labelled.name,
            "labels": labels,
            "seed": SEED,
            "fingerprint": drawn.fingerprint,
        }
        """JSON-able: what decides the accuracy beside the discriminator."""

    def __call__(self, discriminator: Discriminator) -> float:
        """Give the share of the held-out images that are classified rightly, with the best C of the authors' seven.

        That choice looks at the held-out images, so the accuracy serves to compare states of one run, and as no result.
        The discriminator is left as it was.
        """
        statistics = real_statistics(discriminator, self._statistics_of, self._device)
        encoder = DiscriminatorEncoder(discriminator, UNRECORDED, statistics=statistics, grid=GRID, device=self._device)
        blocks = (self._images[start : start + encoder.batch] for start in range(0, len(self._images), encoder.batch))
        features = np.concatenate([encoder.encode(block) for block in blocks])
        fits = fit_path(features[self._trains], self._labels[self._trains], C_GRID, tol=TOLERANCE)
        predicted = predict_path(fits, features[~self._trains])
        return float((predicted == self._labels[~self._trains]).mean(axis=1).max())


def _check_images(labelled: ImageSet, network: NetworkConfig) -> None:
    """Check that images are a training split of the size that a network and its 4x4 grid take."""
    if labelled.split != "train":
        raise UserError(
            f"got the {labelled.split} split of {labelled.name} for the probe during training, expected training "
            "images: what chooses must not be what is reported",
            parameter="probe_dataset",
        )
    shape, expected = labelled.images.shape[1:], (network.nc, network.image_size, network.image_size)
    if shape != expected:
        raise UserError(
            f"got images of {shape} (channels, height, width) for the probe during training, expected {expected} "
            f"as the network takes; make a copy with `dcgan-probe prepare {labelled.name} --size {expected[1]} "
            f"--channels {expected[0]}`",
            parameter="probe_dataset",
        )
    count_columns(network, None, GRID)


def _half_of_each_class(labelled: ImageSet, labels: int) -> int:
    """Return how many images of each class train, and as many score, where ``labels`` are drawn in all."""
    known, classes = labelled.require_labels("the probe during training"), labelled.classes
    try:
        fewest = int(class_rows(known, classes, labelled.name).min())
    except UserError as error:
        # The same words are about another parameter here.
        raise UserError(str(error), parameter="probe_dataset") from error
    half, rest = divmod(labels, 2 * classes)
    if rest or not 0 < half <= fewest // 2:
        raise UserError(
            f"got {labels} labels for the probe during training, expected a multiple of {2 * classes} up to "
            f"{fewest // 2 * 2 * classes}: as many of each of {classes} classes of {labelled.name}, half of them "
            "held out",
            parameter="probe_labels",
        )
    return half
