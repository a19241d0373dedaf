"""``dcgan-probe arithmetic``: A - B + C of concepts, in the latent space and in that of pixels."""

from typing import Any

import numpy as np

from ..latent import Concept, around, combine, combine_pixels
from ..report import save_contact_sheet, tiled
from ..runtime import UserError
from .concepts import SCORE_UNIT, and_score, captioned, gather, score_table
from .investigations import Investigation

COLUMNS = 3
RESULT, SINGLE, PIXELS, RANDOM = OTHERS = ("result", "of single samples", "of pixels", "random samples")
"""Rows of the table of scores, besides the concepts'."""
SHOWN = 12
"""Samples of a concept in the picture, at most."""


def arithmetic_verb(
    texts: tuple[str, ...], per_concept: int, scored: tuple[str, ...], dataset: str | None, pool: int, **common: Any
) -> None:
    """Compute A - B + C of the mean z of three concepts, with the grid of noise around it, as the paper does."""
    concepts = [Concept.parse(text) for text in texts]
    if len(concepts) != COLUMNS:
        raise UserError(f"got {len(concepts)} concepts, expected three: A, B and C of A - B + C", option="concept")
    for concept in concepts:
        if concept.name in OTHERS:
            raise UserError(
                f"got a concept with the name {concept.name!r}, which a row of the table has; take another",
                option="concept",
            )
    look = Investigation([concept.name for concept in concepts], **common)
    look.require_room(pool, "pool")
    found = gather(look, concepts, scored, dataset=dataset, pool=pool, per_concept=per_concept)
    a, b, c = found.samples.values()
    grid = look.generate(around(combine(a.z, b.z, c.z), look.seed))
    pixels = combine_pixels(a.images, b.images, c.images)[None]
    singles = min(len(each.z) for each in (a, b, c))
    alone = look.generate(
        np.stack([combine(*(each.z[[i]] for each in (a, b, c))) for i in range(singles)]).astype(np.float32)
    )
    equation = f"{concepts[0].name} - {concepts[1].name} + {concepts[2].name}"

    groups = {name: each.images for name, each in found.samples.items()}
    groups |= {RESULT: grid, SINGLE: alone, PIXELS: pixels, RANDOM: look.samples(range(len(grid) ** 2)).images}
    scores = {name: found.score_images(look, images) for name, images in groups.items()}
    shown = next(iter(found.probes), None)
    rows = []
    for name in (*found.samples, RESULT, SINGLE, PIXELS):
        captions = captioned(found.numbers.get(name), None if shown is None else scores[name][shown])
        picture = tiled(groups[name][:SHOWN], COLUMNS if name == RESULT else 0, captions)
        rows.append((equation if name == RESULT else name, [picture]))
    save_contact_sheet(look.path(), rows, [f"under an image: the sample's number{and_score(shown)}"])
    means = {
        name: {attribute: float(each.mean()) for attribute, each in of_group.items()}
        for name, of_group in scores.items()
        if of_group
    }
    look.finish(
        {"equation": equation, **found.told(), "mean_scores": means, "units": {"mean_scores": SCORE_UNIT}},
        [equation, *found.qualities(), *score_table(means)],
    )
