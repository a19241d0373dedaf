"""Definition of a source of features, and the context in which its encoder is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..runtime import ALONE, OnStep, Ranks, UserError, check_fields, no_step

if TYPE_CHECKING:
    import torch

    from ..gan import Run
    from ..images import ImageSet
    from ..networks import NetworkConfig
    from .encoders import Encoder


@dataclass(frozen=True)
class SourceContext:
    """Context of ``FeatureSource.make``: images, folders and device."""

    images: "ImageSet"
    """Image set to encode: ``images`` uint8 (N, channels, H, W), ``labels``, ``name``, ``channels``, ``height``,
    ``width``. It may be the test split, so an encoder learns from ``training`` instead."""
    training: "Callable[[], ImageSet]"
    """Function that returns the training split of the same set, from which an encoder may learn."""
    run: "Run | None"
    """Run whose networks compute the features, from ``--run`` or else the latest: ``run.discriminator()``,
    ``run.generator()``, ``run.config``, ``run.folder``. None for a source that needs none."""
    device: "torch.device"
    """Device of the computation."""
    seed: int
    """Seed of random choices for which the options have no seed. An encoder that uses it records it in its origin,
    ``EncoderOrigin(..., seed=context.seed)``."""
    folder: Path
    """Folder of the feature files, which may not exist yet. An encoder may store learned tensors in it, under a name
    with a hash of everything that determines them."""
    load: "Callable[[str, str], ImageSet]"
    """Function that returns one split of a named image set: ``load("svhn", "train")``."""
    ranks: Ranks = ALONE
    """Processes that share the work under ``torchrun``; each makes the encoder. ``ranks.after_first(function)`` calls a
    function that writes files on the first rank, then on the others."""
    on_step: OnStep = no_step
    """Called with a ``Step`` for each piece of work in ``make``, for progress bars; optional."""


@dataclass(frozen=True)
class SourceCost:
    """Operation counts of a source of features; a multiplication with the following addition counts as two."""

    encoding: float = 0.0
    """Operations per image, as those of a large matrix product of equal duration."""
    learning: float = 0.0
    """Operations before the first image, in the same unit."""
    memory_bytes: int = 0
    """Memory for learning, in addition to the images."""


@dataclass(frozen=True)
class FeatureSource:
    """Kind of features: its name in commands and tables, its options, and the function that makes its encoder.

    ``register_source`` checks and registers it. The fields of ``options`` define ``--help-source``, the flags of
    ``extract`` and ``eval-svm``, the keys of a plan and the check of each value.
    """

    name: str
    """Name in ``--features``, feature files and records: letters, digits, ``-`` and ``_``."""
    label: str
    """Label in tables. Records store it, so that a table does not need the source's module."""
    options: type
    """Frozen dataclass. Each field has a type (bool, int, float, str, Path, Literal, a tuple of one of these, or one of
    these or None), a default and metadata; see ``runtime.config``. The names in ``source_checks.RESERVED`` belong to
    the verbs and are not allowed."""
    make: "Callable[[Any, SourceContext], Encoder]"
    """Function ``make(options, context)`` that returns the encoder; called once for each split."""
    columns: Callable[..., int]
    """Function that counts the features of an image without making the encoder: ``columns(options, images)``, or
    ``columns(options, images, network)`` with the run's ``NetworkConfig`` if ``needs_run``. ``images`` is a set of the
    same image size. Plans and ``--dry-run`` use this count, and the encoder must have as many columns."""
    needs_run: bool = False
    """Whether a run's networks compute the features; then ``context.run`` is set, and its folder holds the files."""
    default_scale: str = "none"
    """Scaling of the features before a fit if ``--scale`` is not given: one of ``SCALES``."""
    recorded: Callable[[Any], Mapping[str, Any]] | None = None
    """Function ``recorded(options)`` that returns columns of a record, and settings in its column ``options``, by which
    a plan finds the recorded rows. A tuple matches any of its values. None stands for the options themselves."""
    cost: Callable[..., SourceCost] | None = None
    """Function with the arguments of ``columns`` that counts the operations; None omits them from plans."""
    separator: str = " "
    """Text between the label and the name of the network in tables."""

    def count_columns(self, options: Any, images: "ImageSet", network: "NetworkConfig | None" = None) -> int:
        """Count the features of an image of the set.

        Raises
        ------
        UserError
            If the options do not fit the images' size, or ``columns`` does not return an integer of at least 1.
        """
        from .encoder_checks import checked_columns, naming  # deferred, since it imports numpy

        with naming(self.name, "columns"):
            return checked_columns(self.name, self.columns(*self._arguments(options, images, network)))

    def estimated_cost(self, options: Any, images: "ImageSet", network: "NetworkConfig | None" = None) -> SourceCost:
        """Count the operations; all counts are 0 if the source has no ``cost``."""
        if self.cost is None:
            return SourceCost()
        from .encoder_checks import naming  # deferred, since it imports numpy

        with naming(self.name, "cost"):
            found = self.cost(*self._arguments(options, images, network))
        if not isinstance(found, SourceCost):
            raise UserError(f"{self.name} features: cost returned {type(found).__name__}, expected a SourceCost")
        return found

    def _arguments(self, options: Any, images: "ImageSet", network: "NetworkConfig | None") -> tuple[Any, ...]:
        if not self.needs_run:
            return options, images
        if network is None:
            raise UserError(f"{self.name} features need a run; train first, or name one", parameter="run")
        return options, images, network

    def make_encoder(self, options: Any, context: SourceContext) -> "Encoder":
        """Make the encoder and check it.

        The encoder of an external source is wrapped, and its settings are completed so that no two encoders share a
        feature file: with the options, the layers, the weights and seed of its origin, and, for an origin without
        weights, hashes of the images that ``make`` loaded. Its records contain the options.

        Raises
        ------
        UserError
            If the options belong to another source, the source needs a run and there is none, or the encoder lacks an
            attribute, has an invalid one, or has another number of columns than ``columns`` returns.
        """
        if not isinstance(options, self.options):
            raise UserError(
                f"got {type(options).__name__} as options of {self.name} features, expected {self.options.__name__}"
            )
        check_fields(options)
        if self.needs_run and context.run is None:
            raise UserError(f"{self.name} features need a run; train first, or name one", parameter="run")
        from .plugin_encoders import finished_encoder  # deferred, since it imports torch

        return finished_encoder(self, options, context)
