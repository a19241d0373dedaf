"""Configs of evaluations of features and of the supervised row."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ..features import FeatureConfig
from ..gan import PresetName
from ..runtime import Config, UserError, Workspace, option
from .settings import ProbeClassifier, Scale, check_given

if TYPE_CHECKING:
    from ..features import MapShare


@dataclass(frozen=True)
class EvalConfig(FeatureConfig):
    """Config of one row of a table: all settings that decide its numbers, given the images and the weights."""

    verb: ClassVar[str] = "eval-svm"
    first: ClassVar[tuple[str, ...]] = ("dataset", "labels")

    dataset: str = option("cifar10", "Labeled images: a name, a folder or an .h5 file.")
    labels: int | None = option(None, "Labeled images per fit.", min=1, kind="labels", usual="all")
    validate: bool = option(
        False, "Report on a fifth of the training images instead of the test split, to compare settings."
    )
    draws: int | None = option(None, "Reported draws of labels.", min=1, usual="the protocol's")
    select_draws: int | None = option(None, "Draws that choose C.", min=1, usual="the protocol's")
    C: float | None = option(None, "Fixed C, or k of nearest neighbors.", usual="chosen on validation rows")
    scale: Scale | None = option(
        None,
        "standardise: by mean and standard deviation of the training rows of each fit; +0.01: added to the variance.",
        usual="the source's",
    )
    classifier: ProbeClassifier = option(
        "svm",
        "svm: the paper's L2-SVM. logistic: softmax. ridge: least squares to +-1. knn: nearest neighbors; C is k.",
    )
    memory: int | None = option(
        None,
        "Memory limit of a fit, in addition to the features, such as 500MB.",
        min=1,
        kind="bytes",
        usual="about a third of the features",
    )
    maps: float | None = option(
        None,
        "For dcgan and random: use a random share of each layer's maps, such as 0.25, from the same cache.",
        usual="all",
    )
    maps_seed: int = option(0, "Seed of the random share of maps.", min=0)

    def check(self) -> None:
        """Check C and the share of the maps."""
        check_given(self.C, self.classifier)
        share = self.share
        if share is not None and not self.source.needs_run:
            raise UserError(f"{self.features} features have no maps to choose from; omit `maps`", parameter="maps")

    @property
    def share(self) -> "MapShare | None":
        """Random share of each layer's maps; None for all maps."""
        if self.maps is None:
            return None
        from ..features import MapShare  # late, since it imports numpy

        return MapShare(self.maps, self.maps_seed)

    @property
    def scaling(self) -> Scale:
        """Scaling of the features, by default the usual one of the source."""
        return self.scale or self.source.default_scale  # type: ignore[return-value]

    def to_command(self, workspace: Workspace | None = None) -> str:
        """Return the command line that makes only this row; see ``Config.to_command``."""
        return f"{super().to_command(workspace)} --no-controls"


@dataclass(frozen=True)
class SupervisedConfig(Config):
    """Config of the purely supervised row of a table: all settings that decide its numbers, given the images."""

    verb: ClassVar[str] = "eval-supervised"

    dataset: str = option("svhn", "Labeled images: a name, a folder or an .h5 file.")
    labels: int | None = option(1000, "Labeled images per training.", min=1, kind="labels", none="all")
    preset: PresetName | None = option(
        None, "Preset of the discriminator.", usual="svhn32 on a CUDA device, else cpu32"
    )
    settings: int = option(64, "Number of random settings to try.", min=1, max=10_000)
    draws: int | None = option(None, "Reported draws of labels.", min=1, usual="10; 1 for all labels")
    workers: int | None = option(None, "Processes of one thread each.", min=1, usual="one per CPU core; 1 on a GPU")
    seed: int = option(0, "Seed of every random choice.", min=0)
