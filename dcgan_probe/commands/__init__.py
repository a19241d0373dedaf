"""Floor 7. The command line: each verb turns options into one config and makes one call."""

import click

from ..runtime import launched_rank, package_version
from .arithmetic import arithmetic_command
from .compare import compare_command
from .dedup import dedup_command
from .errors import FriendlyGroup
from .eval_generated import eval_generated_command
from .evaluate import eval_svm_command
from .evaluate_supervised import eval_supervised_command
from .extract import extract_command
from .forget import forget_command
from .import_authors import import_authors_command
from .job import job_command
from .prepare import prepare_command
from .reproduce import reproduce_command
from .saliency import saliency_command
from .sample import sample_command
from .table import table_command
from .train import train_command
from .transfer import convert_results_command, export_run_command, import_results_command, import_run_command
from .turn import turn_command
from .walk import walk_command

RANKED = ("train", "extract")
"""The verbs that several ranks run together."""


@click.group(cls=FriendlyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_version(), prog_name="dcgan-probe")
@click.pass_context
def main(context: click.Context) -> None:
    """Probe what a network has learnt without labels, as the DCGAN paper does.

    \b
    dcgan-probe train
    dcgan-probe extract --layers all
    dcgan-probe eval-svm --dataset svhn --labels 1000
    """
    _, ranks = launched_rank()
    if ranks > 1 and context.invoked_subcommand not in RANKED:
        raise click.UsageError(
            f"{ranks} ranks got {context.invoked_subcommand}, expected one of {', '.join(RANKED)}; leave torchrun out"
        )


VERBS = (
    train_command,
    extract_command,
    eval_svm_command,
    eval_supervised_command,
    eval_generated_command,
    reproduce_command,
    table_command,
    compare_command,
    sample_command,
    walk_command,
    arithmetic_command,
    turn_command,
    saliency_command,
    forget_command,
    prepare_command,
    dedup_command,
    import_authors_command,
    job_command,
    export_run_command,
    import_run_command,
    import_results_command,
    convert_results_command,
)
for command in VERBS:
    main.add_command(command)
