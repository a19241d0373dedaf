"""Option names of other programs, or of options that precede the verb, with the options to use instead."""

from collections.abc import Set
from typing import NamedTuple

import click


class Instead(NamedTuple):
    """Replacement for an option name of another program."""

    option: str
    """Without its dashes; empty for none."""
    note: str = ""
    verbs: tuple[str, ...] = ()
    """Verbs that it applies to; if empty, every verb that has the option, or every verb if there is no option."""


COUNTED = "training is counted in images shown to D"
EPOCHS = f"{COUNTED}; an epoch is one pass over the training images, so 5 epochs of 50,000 images are --images 250k"
STEPS = f"{COUNTED}, --batch-size images a step, so 1,000 steps of 128 are --images 128k"
LENGTHS = (
    Instead("settings", "how many settings are tried; the number of passes is drawn with each", ("eval-supervised",)),
    Instead("time-limit", "the length of a job is fixed; this option ends it sooner", ("job",)),
    Instead("scale", "the scale determines the length of every training", ("reproduce",)),
    Instead(
        "", "a GAN is trained by `dcgan-probe train --images N`; k-means has --iterations", ("eval-svm", "extract")
    ),
    Instead("", "a GAN is trained by `dcgan-probe train --images N`"),
)
RATES = (
    Instead("lr"),
    Instead("settings", "the learning rate is drawn with each setting that is tried", ("eval-supervised",)),
    Instead("", "fits are solved to their optimum, without a learning rate", ("eval-svm",)),
    Instead("", "a GAN is trained by `dcgan-probe train --lr X`"),
)
BATCHES = (
    Instead("batch-size"),
    Instead("memory", "the size of blocks does not affect results; --memory bounds a fit"),
    Instead("", "images are read in blocks whose size does not affect results"),
)
SOLVED = Instead("", "fits stop at a relative duality gap, without a limit on iterations", ("eval-svm",))
OUTPUTS = (
    Instead("out"),
    Instead("results", "the folder of records and tables"),
    Instead("run", "the run folder, which gets all files"),
)
WORKERS = (Instead("workers"), Instead("", "the environment variable OMP_NUM_THREADS bounds the threads"))
SETS = Instead("dataset", "a name, a folder or an .h5 file")

FOREIGN: dict[str, tuple[Instead, ...]] = {
    **dict.fromkeys(
        ("epochs", "epoch", "num-epochs", "n-epochs", "max-epochs", "num-train-epochs", "passes"),
        (Instead("images", EPOCHS), *LENGTHS),
    ),
    **dict.fromkeys(
        ("steps", "num-steps", "max-steps", "iters", "num-iters", "n-iters", "niter", "iterations"),
        (Instead("images", STEPS), *LENGTHS),
    ),
    **dict.fromkeys(("max-iter", "max-iterations"), (Instead("images", STEPS), SOLVED, *LENGTHS)),
    **dict.fromkeys(("kimg", "total-kimg"), (Instead("images", f"{COUNTED}, such as --images 64k"), *LENGTHS)),
    "images": LENGTHS,
    **dict.fromkeys(("lr", "learning-rate", "lrate"), RATES),
    **dict.fromkeys(("batch-size", "batch", "bs", "batchsize", "mini-batch"), BATCHES),
    **dict.fromkeys(
        ("gpu", "gpus", "cuda", "use-cuda"),
        (Instead("device", "such as --device cuda or --device cuda:1"), Instead("", "this verb computes on the CPU")),
    ),
    **dict.fromkeys(
        ("cpu", "no-cuda"), (Instead("device", "such as --device cpu"), Instead("", "this verb computes on the CPU"))
    ),
    **dict.fromkeys(
        ("dataset", "data", "dataroot", "data-path", "input", "train-data"),
        (
            SETS,
            Instead("", "SOURCE is an argument without an option: `dcgan-probe prepare SOURCE`", ("prepare",)),
        ),
    ),
    **dict.fromkeys(("output", "outdir", "out-dir", "output-dir", "save-dir", "logdir", "out"), OUTPUTS),
    **dict.fromkeys(
        ("model", "ckpt", "checkpoint", "weights", "load"), (Instead("run", "a run folder, or its name in --runs"),)
    ),
    **dict.fromkeys(
        ("image-size", "size", "img-size", "imsize", "resolution", "res"),
        (
            Instead("image-size"),
            Instead("size"),
            Instead("", "`dcgan-probe prepare SOURCE --size N` makes images of another size"),
        ),
    ),
    **dict.fromkeys(("n", "num", "num-samples", "n-samples", "num-images"), (Instead("count"), *LENGTHS)),
    **dict.fromkeys(("k", "n-neighbors", "neighbors"), (Instead("C", "k of --classifier knn-cosine"),)),
    **dict.fromkeys(("clusters", "n-clusters", "num-centroids"), (Instead("centroids"),)),
    **dict.fromkeys(("workers", "num-workers", "n-jobs", "jobs", "threads", "num-threads"), WORKERS),
    **dict.fromkeys(("n-labels", "num-labels", "n-labeled"), (Instead("labels"),)),
    **dict.fromkeys(("resume", "continue", "resume-from"), (Instead("", "rerun the command to resume"),)),
    **dict.fromkeys(("verbose", "progress"), (Instead("", "progress is shown unless --quiet is used"),)),
    "no-locks": (Instead("", "place it before the verb: dcgan-probe --no-locks VERB ..."),),
}
"""Replacements by option name without dashes; the first one that applies to a verb is shown."""


def explained(error: click.NoSuchOption, verb: str, known: Set[str]) -> click.UsageError:
    """Return the error with the equivalent option, if there is one, instead of options with a similar spelling.

    Parameters
    ----------
    known
        Long options of the verb, without their dashes.
    """
    word = error.option_name.lstrip("-").replace("_", "-").lower()
    for option, note, verbs in FOREIGN.get(word, ()):
        if (verb in verbs) if verbs else (not option or option in known):
            advice = ": ".join(part for part in (f"use --{option}" if option else "", note) if part)
            return click.UsageError(f"No such option {error.option_name!r}; {advice}.", ctx=error.ctx)
    return error
