"""Takes a summary and the published figure beside it, gives how far they are the same experiment; knows no row."""

from collections.abc import Sequence

from ..evaluation import Summary
from .image_sets import same_images
from .published import Mark, PublishedFigure, marked, same_size

SCALES = {
    "none": "unscaled features",
    "standardise": "standardised features",
    "standardise+0.01": "features standardised by sqrt(variance + 0.01)",
}


def is_comparable(summary: Summary, published: PublishedFigure) -> bool:
    """Return whether the encoders were trained on the same images, or not at all, and no layer is missing here."""
    if published.incomparable or _lacks_layers(summary, published):
        return False
    if published.encoder is None:
        return not summary.trained_on
    return same_images(summary.trained_on, summary.trained_on_images, published.encoder)


def published_notes(
    summary: Summary, trained_on: str, published: PublishedFigure, figures: Sequence[PublishedFigure]
) -> tuple[str, ...]:
    """Say in what the published experiment was another one.

    Parameters
    ----------
    trained_on
        The images that trained the encoder of the summary, in full.
    figures
        All published figures.
    """
    comparable = is_comparable(summary, published)
    notes = [] if comparable else [f"not comparable: {_reason(summary, trained_on, published)}"]
    shares = _shares(summary, published, comparable)
    if shares:
        notes.append(f"size, against that of the published figure: {'; '.join(shares)}")
    own_size = same_size(published, summary.largest_layer, figures)
    if own_size is not None:
        notes.append(f"the published figure for {own_size.largest_layer:,} {own_size.unit} is {own_size.text}")
    if comparable and not published.classifier and summary.classifier != "l2-svm":
        notes.append("the published figure is of an L2-SVM")
    if comparable and published.scale not in (None, summary.scale):
        notes.append(f"the published figure is of {SCALES[published.scale]}")
    return tuple(notes)


def _lacks_layers(summary: Summary, published: PublishedFigure) -> bool:
    """Return whether a net trained on the published images gives features of fewer layers than the published one."""
    if published.encoder is None or published.layers is None or len(summary.layers) >= published.layers:
        return False
    return same_images(summary.trained_on, summary.trained_on_images, published.encoder)


def _reason(summary: Summary, trained_on: str, published: PublishedFigure) -> str:
    """Say why a published figure is of another experiment."""
    if published.incomparable:
        return published.incomparable
    if _lacks_layers(summary, published):
        return f"{len(summary.layers)} of {published.layers} [A] layers, {summary.dimension:,} features"
    return _other_images(trained_on, published)


def _other_images(trained_on: str, published: PublishedFigure) -> str:
    if published.encoder is None:
        return f"for the published figure nothing was trained without labels, here on {trained_on}"
    return (
        f"the published figure belongs to {published.trained} trained on "
        f"{published.encoder.description}, this one was trained on {trained_on or 'nothing'}"
    )


def _shares(summary: Summary, published: PublishedFigure, comparable: bool) -> list[str]:
    """Give each size that is a part of the published one, and its share: ``1,600 of 4,800 centroids, 33 %``."""
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
