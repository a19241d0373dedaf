"""Differences between a measured row and the published experiment beside it, as notes."""

from collections.abc import Sequence

from ..evaluation import Summary
from .published import Mark, PublishedFigure, marked, same_size
from .set_descriptions import same_images

SCALES = {
    "none": "unscaled features",
    "standardise": "standardized features",
    "standardise+0.01": "features standardized by sqrt(variance + 0.01)",
}


def is_comparable(summary: Summary, published: PublishedFigure) -> bool:
    """Return whether both encoders have the same training images, or none, and the row uses all published layers."""
    if published.incomparable or _lacks_layers(summary, published):
        return False
    if published.encoder is None:
        return not summary.trained_on
    return same_images(summary.trained_on, summary.trained_on_images, published.encoder)


def published_notes(
    summary: Summary, trained_on: str, published: PublishedFigure, figures: Sequence[PublishedFigure]
) -> tuple[str, ...]:
    """Describe how the published experiment differs from a measured row, one note a difference.

    Parameters
    ----------
    trained_on
        Full name of the images that trained the encoder of the summary; empty for an untrained one.
    figures
        All published figures, among which one of the same size is looked up.
    """
    comparable = is_comparable(summary, published)
    notes = [] if comparable else [f"not comparable: {_reason(summary, trained_on, published)}"]
    shares = _shares(summary, published, comparable)
    if shares:
        notes.append(f"size relative to the published model: {'; '.join(shares)}")
    own_size = same_size(published, summary.largest_layer, figures)
    if own_size is not None:
        notes.append(f"the published figure for {own_size.largest_layer:,} {own_size.unit} is {own_size.text}")
    if comparable and not published.classifier and summary.classifier != "l2-svm":
        notes.append("the published figure is for an L2-SVM")
    if comparable and published.scale not in (None, summary.scale):
        notes.append(f"the published figure is for {SCALES[published.scale]}")
    return tuple(notes)


def _lacks_layers(summary: Summary, published: PublishedFigure) -> bool:
    """Return whether a net trained on the published images has features of fewer layers than the published one."""
    if published.encoder is None or published.layers is None or len(summary.layers) >= published.layers:
        return False
    return same_images(summary.trained_on, summary.trained_on_images, published.encoder)


def _reason(summary: Summary, trained_on: str, published: PublishedFigure) -> str:
    """Return the reason why a published figure is not comparable."""
    if published.incomparable:
        return published.incomparable
    if _lacks_layers(summary, published):
        return f"{len(summary.layers)} of {published.layers} [A] layers, {summary.dimension:,} features"
    return _other_images(trained_on, published)


def _other_images(trained_on: str, published: PublishedFigure) -> str:
    if published.encoder is None:
        return f"the published model used no unlabeled images, this encoder was trained on {trained_on}"
    return (
        f"the published figure is for {published.trained} trained on {published.encoder.description}, "
        f"this encoder was trained on {trained_on or 'no images'}"
    )


def _shares(summary: Summary, published: PublishedFigure, comparable: bool) -> list[str]:
    """Return each size that is below the published one, with its share: ``1,600 of 4,800 centroids, 33 %``."""
    images = None if comparable or published.encoder is None else published.encoder.images
    sizes: tuple[tuple[int | None, int | None, Mark, str], ...] = (
        (summary.largest_layer, published.largest_layer, published.layer_mark, published.unit),
        (summary.images_seen, published.images_seen, published.seen_mark, "images seen"),
        (summary.trained_on_images, images, "", "training images"),
    )
    return [
        f"{ours:,} of {marked(f'{theirs:,}', mark)} {word}, {_percent(ours / theirs)} %"
        for ours, theirs, mark, word in sizes
        if ours and theirs and ours < theirs
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.1 else f"{100 * share:.1f}"
