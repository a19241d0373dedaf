"""``dcgan-probe arithmetic``: A - B + C of concepts, in the latent space and in that of pixels."""

from typing import Any

import click
import numpy as np

from ..latent import Concept, around, combine, combine_pixels
from ..report import save_contact_sheet, tiled
from ..runtime import UserError
from .command_lines import RecordedCommand
from .concept_options import concept_options, gather, score_table
from .investigations import Investigation, investigation_options

COLUMNS = 3
SHOWN = 12
"""Samples of a concept in the picture, at most."""


@click.command("arithmetic", cls=RecordedCommand)
@click.option(
    "--concept",
    "texts",
    multiple=True,
    metavar="NAME=...",
    help="A, B and C, in this order: NAME=3,17,42 are numbers of samples, as `sample --number` shows them; "
    "NAME=female,age>=50 are the samples that probes of these attributes choose.",
)
@click.option(
    "--per-concept", type=click.IntRange(min=1), default=3, show_default=True, help="Samples that probes pick."
)
@concept_options
@investigation_options
def arithmetic_command(
    texts: tuple[str, ...], per_concept: int, scored: tuple[str, ...], dataset: str | None, pool: int, **common: Any
) -> None:
    """Compute A - B + C of the mean z of three concepts, with the grid of noise around it, as the paper does.

    Beside it stand the same arithmetic of single samples, and of pixels. Scores come from linear probes on the
    discriminator's features of labelled real images; those that score have not seen the images of those that select.

    \b
    dcgan-probe sample --count 100 --columns 10 --number
    dcgan-probe arithmetic --concept smiling-women=3,17,42 --concept women=5,8,61 --concept men=2,30,77
    dcgan-probe arithmetic --concept "a=female,age>=50" --concept "b=female,age<30" --concept "c=male,age<30"
    """
    concepts = [Concept.parse(text) for text in texts]
    if len(concepts) != COLUMNS:
        raise UserError(f"got {len(concepts)} concepts, expected three: A, B and C of A - B + C", option="concept")
    look = Investigation([concept.name for concept in concepts], **common)
    found = gather(look, concepts, scored, dataset=dataset, pool=pool, per_concept=per_concept)
    a, b, c = found.samples.values()
    grid = look.generate(around(combine(a.z, b.z, c.z), look.seed))
    pixels = combine_pixels(a.images, b.images, c.images)[None]
    singles = min(len(each.z) for each in (a, b, c))
    alone = look.generate(
        np.stack([combine(*(each.z[[i]] for each in (a, b, c))) for i in range(singles)]).astype(np.float32)
    )
    equation = f"{concepts[0].name} - {concepts[1].name} + {concepts[2].name}"

    rows = [(name, [tiled(each.images[:SHOWN])]) for name, each in found.samples.items()]
    rows += [
        (equation, [tiled(grid, columns=COLUMNS)]),
        ("of single samples", [tiled(alone[:SHOWN])]),
        ("of pixels", [tiled(pixels)]),
    ]
    save_contact_sheet(look.path(), rows)
    named = {**{name: each.images for name, each in found.samples.items()}, "result": grid, "of single samples": alone}
    named |= {"of pixels": pixels, "random samples": look.samples(range(len(grid) ** 2)).images}
    scores = {
        name: {attribute: float(each.mean()) for attribute, each in found.score(look.features(images)).items()}
        for name, images in (named.items() if found.probes else ())
    }
    look.finish({"equation": equation, **found.told(), "mean_scores": scores}, [equation, *score_table(scores)])
