"""Options and help of ``dcgan-probe eval-svm``."""

from typing import Any

import click

from ...evaluation import CLASSIFIERS, SCALES, check_given
from ..command_lines import RecordedCommand
from ..feature_options import CONTROLS, encoder_options, features_option
from ..options import Bytes, Labels, dry_run_option, evaluation_options, run_option


@click.command("eval-svm", cls=RecordedCommand)
@click.option("--dataset", default="cifar10", show_default=True, help="Labelled images: a name, a folder, an .h5 file.")
@click.option("--labels", type=Labels(), default="all", show_default=True, help="Labelled images of a fit.")
@features_option
@click.option(
    "--controls/--no-controls", default=True, show_default=True, help="Add the untrained network and raw pixels."
)
@click.option(
    "--validate",
    is_flag=True,
    help="Leave the test split alone and report on a fifth of the training images, to compare settings.",
)
@click.option("--draws", type=click.IntRange(min=1), help="Reported draws of labels.  [default: the protocol's]")
@click.option("--select-draws", type=click.IntRange(min=1), help="Draws that choose C.  [default: the protocol's]")
@click.option(
    "--C", "penalty", type=float, help="Do not choose C or k, take this.  [default: chosen on validation rows]"
)
@click.option(
    "--scale",
    type=click.Choice(SCALES),
    help="standardise: by mean and deviation of the rows that each fit trains on; +0.01: added to the variance.  "
    "[default: none; standardise+0.01 for kmeans and kmeans3]",
)
@click.option(
    "--classifier",
    type=click.Choice(CLASSIFIERS),
    default="svm",
    show_default=True,
    help="svm: the paper's. logistic: softmax. ridge: least squares to +-1. knn: nearest neighbours, k for C.",
)
@click.option(
    "--memory",
    type=Bytes(),
    help="Most that a fit may take on top of the features, such as 500MB.  [default: about a third of the features]",
)
@click.option(
    "--maps",
    type=click.FloatRange(0.0, 1.0, min_open=True),
    help="dcgan, random: a random share of each layer's maps, such as 0.25; no second extraction.  [default: all]",
)
@click.option("--maps-seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of that share.")
@dry_run_option
@encoder_options
@run_option
@evaluation_options
def eval_svm_command(**options: Any) -> None:
    """Fit L2-SVMs on features, as the paper does, and print the table.

    Features that are not in the cache are extracted first. C is chosen on rows that are not reported. Each fit is kept
    as it ends: rerun the command to resume. With --dry-run, the memory and time of the fits are told and nothing is
    done.

    \b
    dcgan-probe eval-svm --dataset svhn --labels 1000
    dcgan-probe eval-svm --dataset cifar10 --labels 4000 --layers conv3 --scale standardise --validate
    """
    from ..first_checks import check_features

    check_given(options["penalty"], options["classifier"])
    check_features(options, CONTROLS if options["controls"] else ())
    from ..evaluate import eval_svm_verb

    eval_svm_verb(**options)
