"""Extraction of an image set's features into the cache."""

from collections.abc import Callable
from functools import partial

from ..gan import Run, named_run
from ..images import ImageSet, load_images
from ..runtime import ALONE, OnNote, OnStep, Ranks, Step, Workspace, no_note, no_step, rank_device, require_instance
from .cache import cached_features
from .config import ExtractConfig, FeatureConfig
from .feature_set import FeatureSet
from .feature_source import SourceContext


def find_run(config: FeatureConfig, workspace: Workspace, on_note: OnNote = no_note) -> Run | None:
    """Return the run that the config names, by its folder or by its name in the workspace.

    If the config names none, return the latest run, with a note, or None if the source needs no run.

    Raises
    ------
    UserError
        If the run does not exist.
    """
    if config.run is None and not config.source.needs_run:
        return None
    return named_run(config.run, workspace.runs, on_note=on_note)


def extract(
    config: ExtractConfig,
    workspace: Workspace | None = None,
    *,
    ranks: Ranks = ALONE,
    on_step: OnStep = no_step,
    on_note: OnNote = no_note,
) -> tuple[FeatureSet, bool]:
    """Return the features of one split, from the cache if possible.

    Parameters
    ----------
    ranks
        Processes that share the work; each of them calls this function.
    on_step
        Called with the progress of each step.
    on_note
        Called with a sentence when an extraction resumes, or when the latest run is chosen.

    Returns
    -------
    tuple
        Features, and whether they existed already.

    Raises
    ------
    UserError
        If the images or the run cannot be read, or the features cannot be written.
    """
    require_instance(config, ExtractConfig, "config")
    place = workspace or Workspace()
    load = partial(load_images, data_dir=place.data_dir, download=place.download)
    images = ranks.after_first(partial(load, config.dataset, config.split))
    return features_of(
        config,
        images,
        lambda: load(config.dataset, "train"),
        find_run(config, place, on_note),
        place,
        ranks=ranks,
        on_step=on_step,
        on_note=on_note,
    )


def features_of(
    config: FeatureConfig,
    images: ImageSet,
    training: Callable[[], ImageSet],
    run: Run | None,
    workspace: Workspace,
    *,
    ranks: Ranks = ALONE,
    on_step: OnStep = no_step,
    on_note: OnNote = no_note,
) -> tuple[FeatureSet, bool]:
    """Return the features of loaded images; see ``extract``.

    Parameters
    ----------
    training
        Function that returns the training split of the same set.
    run
        Run whose networks compute the features; None for a source that needs none.
    """
    source = config.source
    folder = run.folder / "features" if run is not None and source.needs_run else workspace.runs / "features"
    context = SourceContext(
        images=images,
        training=training,
        run=run,
        device=rank_device(workspace.device),
        seed=config.seed,
        folder=folder,
        load=partial(load_images, data_dir=workspace.data_dir, download=workspace.download),
        ranks=ranks,
        on_step=on_step,
    )
    encoder = source.make_encoder(config.options, context)
    whole = images if images.part_of is None else images.part_of.whole
    title = f"{source.name} features of {whole.name} {whole.split}"

    before = 0

    def encoded(rows: int) -> None:
        on_step(Step(title, rows, len(whole), "images", before=before, kept=True))

    def resumed(rows: int) -> None:
        nonlocal before
        before = rows
        on_note(f"{title}: resuming at {rows:,} of {len(whole):,} images")

    return cached_features(
        encoder, images, folder, dtype=config.dtype, ranks=ranks, on_progress=encoded, on_resume=resumed
    )
