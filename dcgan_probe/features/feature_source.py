"""Source of features as data: its name, its options, its functions, and the context in which an encoder is made."""

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
    """What ``FeatureSource.make`` gets beside the options: the images, the places and the machine."""

    images: "ImageSet"
    """The set to encode: ``images`` uint8 (N, channels, H, W), ``labels``, ``name``, ``channels``, ``height``,
    ``width``. An encoder that learns from images uses ``training``, since this may be the test split."""
    training: "Callable[[], ImageSet]"
    """Returns the training split of that set, from which an encoder may learn."""
    run: "Run | None"
    """The run whose networks the features come from, by ``--run`` or the one trained last: ``run.discriminator()``,
    ``run.generator()``, ``run.config``, ``run.folder``. None for a source that needs none."""
    device: "torch.device"
    """Where to compute."""
    seed: int
    """Of random choices for which the options name no seed. An encoder that uses it has it in its origin,
    ``EncoderOrigin(..., seed=context.seed)``."""
    folder: Path
    """Where feature files lie and what is learned from images may be kept, under a name with a hash of all that decides
    it; may be missing."""
    load: "Callable[[str, str], ImageSet]"
    """Returns the images of a data set's name and a split: ``load("svhn", "train")``."""
    ranks: Ranks = ALONE
    """The processes that share the work under ``torchrun``: each makes the encoder.
    ``ranks.after_first(function)`` calls a function that writes files at the first alone before the others call it."""
    on_step: OnStep = no_step
    """Called with a ``Step`` for each piece of work in ``make``, for progress bars; may be left alone."""


@dataclass(frozen=True)
class SourceCost:
    """Operations of a source of features; a multiplication and the addition after it count as two."""

    encoding: float = 0.0
    """Of one image, in those of a large matrix product that takes as long."""
    learning: float = 0.0
    """Before the first image, likewise."""
    memory_bytes: int = 0
    """Of learning, beside the images."""


@dataclass(frozen=True)
class FeatureSource:
    """A kind of features: how an encoder is made, and how verbs and tables name it.

    ``register_source`` checks and adds it. ``options`` gives ``--help-source``, the flags of ``extract`` and
    ``eval-svm``, the keys of a plan and the check of each value.
    """

    name: str
    """Of ``--features``, of feature files and of records: letters, digits, ``-`` and ``_``."""
    label: str
    """In tables. Records keep it, so that a table is made without the module of the source."""
    options: type
    """Frozen dataclass; each field has a type (bool, int, float, str, Path, Literal, a tuple of one of these, or one of
    these or None), a default and metadata: see ``runtime.config``. Its names are none of the verbs' own
    (``source_checks.RESERVED``)."""
    make: "Callable[[Any, SourceContext], Encoder]"
    """Makes the encoder: ``make(options, context)``. Called once for each split."""
    columns: Callable[..., int]
    """Counts the features of an image without making the encoder: ``columns(options, images)``, and where ``needs_run``
    ``columns(options, images, network)`` with the ``NetworkConfig`` of the run. ``images`` is a set of their size.
    Plans and ``--dry-run`` count with it; the encoder has to have as many."""
    needs_run: bool = False
    """Whether the features come from a run's networks; then ``context.run`` is set, and its folder has the files."""
    default_scale: str = "none"
    """Scaling of the features before a fit, where ``--scale`` is not given: one of ``SCALES``."""
    recorded: Callable[[Any], Mapping[str, Any]] | None = None
    """``recorded(options)`` returns columns of an evaluation, and settings in its column ``options``, by which a plan
    finds the rows that were made. A tuple stands for any of its values. None stands for the options themselves."""
    cost: Callable[..., SourceCost] | None = None
    """``cost(...)`` with the arguments of ``columns`` counts the operations; None leaves them out of plans."""
    separator: str = " "
    """In tables, between the label and the name of the network."""

    def count_columns(self, options: Any, images: "ImageSet", network: "NetworkConfig | None" = None) -> int:
        """Count the features that an image of the set gets.

        Raises
        ------
        UserError
            If the images have no such grid, layers or components, or ``columns`` returns no whole number above 0.
        """
        from .encoder_checks import checked_columns, naming  # late, since it imports numpy

        with naming(self.name, "columns"):
            return checked_columns(self.name, self.columns(*self._arguments(options, images, network)))

    def estimated_cost(self, options: Any, images: "ImageSet", network: "NetworkConfig | None" = None) -> SourceCost:
        """Count the operations, as far as they are known."""
        if self.cost is None:
            return SourceCost()
        from .encoder_checks import naming  # late, since it imports numpy

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

        The encoder of a source from outside of the package is wrapped. Its settings get what they lack, so that no two
        encoders share a feature file: the options, the layers, weights and seed of its origin, and without weights a
        hash of the images that ``make`` learned from. Its records get the options.

        Raises
        ------
        UserError
            If the options are of another source, the source needs a run and there is none, or the encoder lacks an
            attribute, has one of another type, or other columns than ``columns`` counts.
        """
        if not isinstance(options, self.options):
            raise UserError(
                f"got {type(options).__name__} as options of {self.name} features, expected {self.options.__name__}"
            )
        check_fields(options)
        if self.needs_run and context.run is None:
            raise UserError(f"{self.name} features need a run; train first, or name one", parameter="run")
        from .outside_encoders import finished_encoder  # late, since it imports torch

        return finished_encoder(self, options, context)
