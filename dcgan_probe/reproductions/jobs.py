"""Larger trainings and their evaluations, in order of worth.

A job has two parts, which need not run on one machine. The first trains one seed for as long as it is given, with a
cheap probe, and leaves small files. The second evaluates what these files hold by the protocols.
"""

from dataclasses import dataclass

CIFAR10 = ("--dataset", "cifar10")
CIFAR10_4000 = (*CIFAR10, "--labels", "4000")
SVHN_1000 = ("--dataset", "svhn", "--labels", "1000")
CHOICE = (*CIFAR10_4000, "--validate")
"""Settings are compared on training images."""
CHOICES = (
    CHOICE,
    (*CHOICE, "--bn-stats", "running"),
    (*CHOICE, "--scale", "standardise"),
    *((*CHOICE, "--layers", f"conv{layer}") for layer in range(1, 7)),
)
PAPER = ("--preset", "imagenet32", "--dataset", "tiny_imagenet32")
NARROW = (*PAPER, "--ndf", "32", "--ngf", "32")
PARTS = 20
"""Probes of a training that ends at its last image, by default; one that runs out of time has fewer."""


@dataclass(frozen=True)
class Job:
    """One training and what its features are probed on."""

    name: str
    question: str
    training: tuple[str, ...]
    """Arguments of ``train``; none if the job evaluates what ``trained_by`` leaves."""
    protocols: tuple[tuple[str, ...], ...]
    """Arguments of ``eval-svm``, for each table that the features enter; none leaves the probe out, too."""
    controls: tuple[str, ...] = ()
    """Features beside the trained network's."""
    trained_by: str = ""
    """Name of the job that trains; empty if this one does."""

    @property
    def run_name(self) -> str:
        """Name of the run folder."""
        return self.trained_by or self.name


JOBS = (
    Job(
        "imagenet32",
        "The paper's experiment with a thirteenth of its images: how far from 82.8, 73.8 and 22.48 %?",
        PAPER,
        (CIFAR10, CIFAR10_4000, SVHN_1000),
        ("random",),
    ),
    Job(
        "imagenet32-flips",
        "The same with mirrored images: do 100,000 images last longer?",
        (*PAPER, "--flips"),
        (CIFAR10, CIFAR10_4000, SVHN_1000),
    ),
    Job(
        "imagenet32-seed1",
        "How much of that is the seed?",
        (*PAPER, "--seed", "1"),
        (CIFAR10, CIFAR10_4000, SVHN_1000),
    ),
    Job(
        "svhn32",
        "The paper's SVHN net on SVHN's own images.",
        ("--preset", "svhn32", "--dataset", "svhn"),
        (SVHN_1000,),
    ),
    Job(
        "imagenet32-choices",
        "Batch-norm rule, scaling and single layers of the first job's features, on training images.",
        (),
        CHOICES,
        trained_by="imagenet32",
    ),
    Job("imagenet32-longer", "Do features go on getting better?", (*PAPER, "--images", "38.4M"), (CIFAR10, SVHN_1000)),
    Job("imagenet32-wider", "Do wider nets?", (*PAPER, "--ndf", "192", "--ngf", "192"), (CIFAR10, SVHN_1000)),
    Job("imagenet32-both", "Does it matter that G and D take turns?", (*PAPER, "--updates", "both"), (CIFAR10,)),
    Job(
        "svhn32-natural",
        "The same net on natural images.",
        ("--preset", "svhn32", "--dataset", "tiny_imagenet32"),
        (SVHN_1000, CIFAR10),
    ),
    Job("faces64", "Samples of faces after 1 and 5 passes.", ("--preset", "faces64", "--dataset", "faces64"), ()),
    Job(
        "imagenet32-narrow",
        "The paper's net at a quarter of its width: what do two CPU cores reach in two hours?",
        (*NARROW, "--images", "1M"),
        (CIFAR10, CIFAR10_4000, SVHN_1000),
        ("random",),
    ),
    Job(
        "imagenet32-narrow-long",
        "The same for all of the paper's 19.2 million images: what is length worth?",
        (*NARROW, "--keep", "best"),
        (CIFAR10, CIFAR10_4000, SVHN_1000),
    ),
    Job(
        "demo32",
        "A tiny net on the same images: does it all work on this machine?",
        ("--preset", "demo", "--dataset", "tiny_imagenet32", "--ndf", "4", "--ngf", "4"),
        (CIFAR10_4000,),
    ),
    Job(
        "imagenet32-narrow-choices",
        "Batch-norm rule, scaling and single layers of its features, on training images.",
        (),
        CHOICES,
        trained_by="imagenet32-narrow",
    ),
)
