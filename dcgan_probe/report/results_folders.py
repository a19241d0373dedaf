"""Import and conversion of results folders, with their tables."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ..evaluation import Results, convert_results, is_validation, probed_set, validation_splits
from ..images import load_images
from ..runtime import OnNote, UserError, Workspace, no_note, require_instance
from ..storage import write_text
from .published import kept_plans
from .settings import ImportResultsConfig
from .written_tables import note_faults, write_tables


@dataclass(frozen=True)
class ImportedResults:
    """Evaluations added to a results folder."""

    new: list[str]
    """Ids of the evaluations."""
    tables: list[Path]
    """The Markdown files of all tables."""


@dataclass(frozen=True)
class ConvertedResults:
    """A results folder in the current version."""

    evaluations: int
    """Number of converted evaluations; 0 if the folder was converted before."""
    unknown: list[str]
    """Ids of evaluations without training images in the data folder; their classes count as equal in size."""
    tables: list[Path]
    """The Markdown files of all tables."""


def import_results(
    config: ImportResultsConfig, workspace: Workspace | None = None, *, on_note: OnNote = no_note
) -> ImportedResults:
    """Add the evaluations of another folder that are missing from the results, and rewrite the tables.

    Kept plans are copied too, except those with a name that this folder has already.

    Parameters
    ----------
    on_note
        Called with a sentence for each damaged record.

    Raises
    ------
    UserError
        If the other folder has no records, or files are damaged or cannot be written.
    """
    require_instance(config, ImportResultsConfig, "config")
    here = Results((workspace or Workspace()).results)
    new = here.merge_from(Results(config.folder))
    for plan in kept_plans(config.folder).glob("*.toml"):
        copy = kept_plans(here.folder) / plan.name
        if not copy.exists():
            write_text(copy, plan.read_text(encoding="utf-8"))
    survey = here.survey()
    note_faults(survey, on_note)
    return ImportedResults(new, write_tables(survey.summaries, here.folder))


def convert_folder(workspace: Workspace | None = None, *, on_note: OnNote = no_note) -> ConvertedResults:
    """Convert the results of an older version, and rewrite their tables; see ``convert_results``.

    The class sizes of a training set are read from the data folder if it holds the same images.

    Parameters
    ----------
    on_note
        Called with a sentence if an interrupted conversion is resumed.

    Raises
    ------
    UserError
        As for ``convert_results``.
    """
    place = workspace or Workspace()
    count, unknown = convert_results(place.results, class_sizes_in(place.data_dir), on_note)
    return ConvertedResults(count, unknown, write_tables(Results(place.results).summaries(), place.results))


def class_sizes_in(data_dir: Path) -> Callable[[str, str], np.ndarray | None]:
    """Return a function that counts the rows of each class, int64 (classes,), of a training set in a data folder.

    Its parameters are the name and the fingerprint of the set; it returns None if the folder lacks these images.
    """

    @cache
    def class_sizes(dataset: str, fingerprint: str) -> np.ndarray | None:
        try:
            images = load_images(probed_set(dataset), "train", data_dir=data_dir, download=False)
            if is_validation(dataset):
                images, _ = validation_splits(images)
        except UserError:
            return None
        labels = images.labels
        return None if labels is None or images.fingerprint != fingerprint else np.bincount(labels)

    return class_sizes
