"""Options that other programs have, or that stand before the verb, and what to type instead."""

import click

COUNTED = "training is counted in images shown to D"
EPOCHS = f"{COUNTED}; an epoch is one pass over the training images, so 5 epochs of 50,000 images are --images 250k"
STEPS = f"{COUNTED}, --batch-size images a step, so 1,000 steps of 128 are --images 128k"
PASSES = ("epochs", "epoch", "num-epochs", "n-epochs", "max-epochs", "num-train-epochs", "passes")
UPDATES = ("steps", "num-steps", "max-steps", "iters", "num-iters", "n-iters", "niter", "max-iter", "iterations")
FOREIGN: dict[str, tuple[str, str]] = {
    **dict.fromkeys(PASSES, ("images", EPOCHS)),
    **dict.fromkeys(UPDATES, ("images", STEPS)),
    **dict.fromkeys(("kimg", "total-kimg"), ("images", f"{COUNTED}, such as --images 64k")),
    **dict.fromkeys(("learning-rate", "lrate"), ("lr", "")),
    **dict.fromkeys(("batch", "bs", "batchsize", "mini-batch"), ("batch-size", "")),
    **dict.fromkeys(("gpu", "gpus", "cuda", "use-cuda"), ("device", "such as --device cuda or --device cuda:1")),
    **dict.fromkeys(("cpu", "no-cuda"), ("device", "such as --device cpu")),
    **dict.fromkeys(
        ("data", "dataroot", "data-path", "input", "train-data"), ("dataset", "a name, a folder or an .h5")
    ),
    **dict.fromkeys(("outdir", "out-dir", "output", "output-dir", "save-dir", "logdir"), ("run", "the run folder")),
    **dict.fromkeys(("model", "ckpt", "checkpoint", "weights", "load"), ("run", "a run folder, or its name in --runs")),
    **dict.fromkeys(("n-labels", "num-labels", "n-labeled"), ("labels", "")),
    **dict.fromkeys(("resume", "continue", "resume-from"), ("", "rerun the command to resume")),
    "no-locks": ("", "give it before the verb: dcgan-probe --no-locks VERB ..."),
}
"""Without dashes: the option here, empty for none, and what to know of it."""


def explained(error: click.NoSuchOption, known: set[str]) -> click.UsageError:
    """Return the error with the option that stands for a foreign one, instead of one that is merely spelled alike.

    Parameters
    ----------
    known
        Long options of the verb, without their dashes.
    """
    option, note = FOREIGN.get(error.option_name.lstrip("-").replace("_", "-").lower(), (None, ""))
    if option is None:
        return error
    instead = f"use --{option}" if option in known else ""
    told = ": ".join(part for part in (instead, note) if part) if option in {"", *known} else ""
    message = f"No such option {error.option_name!r}{'; ' * bool(told)}{told}."
    return click.UsageError(message, ctx=error.ctx)
