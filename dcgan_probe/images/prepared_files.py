"""Image-array files written from configs, their default paths and descriptions."""

from dataclasses import dataclass
from pathlib import Path

from ..runtime import OnStep, Step, Workspace, no_step, require_instance
from ..storage import open_image_file, plain_name
from .prepare import prepare
from .settings import PrepareConfig


@dataclass(frozen=True)
class PreparedFile:
    """Written image-array file."""

    path: Path
    images: int
    """Number of images."""
    size: int
    """Side of the images, in pixels."""

    def describe(self) -> str:
        """Return a line on the images, unreadable ones included, and a line of the class names in order."""
        file = open_image_file(self.path)
        text = f"{self.path}: {self.images:,} images of {self.size} x {self.size}"
        if file.unreadable:
            text += f", unreadable images omitted: {file.unreadable:,}"
        if file.labels is None:
            return text
        if file.class_names is None:
            return f"{text}, labels {file.labels.min()} to {file.labels.max()}"
        return f"{text}\nClasses in the order of the labels, from 0: {', '.join(map(plain_name, file.class_names))}"


def prepare_file(
    config: PrepareConfig, workspace: Workspace | None = None, *, on_step: OnStep = no_step
) -> PreparedFile:
    """Write the image-array file of a config; see ``prepare``.

    Parameters
    ----------
    config
        Source, split, size and form of the images.
    workspace
        Data folder, and whether to download missing images; by default ``Workspace()``.
    on_step
        Called with the progress, in images.

    Raises
    ------
    UserError
        As for ``prepare``.
    """
    require_instance(config, PrepareConfig, "config")
    place = workspace or Workspace()
    path = config.out or place.data_dir / f"{default_name(config.source)}-{config.size}_{config.split}.h5"
    count = prepare(
        config.source,
        config.split,
        config.size,
        path,
        channels=config.channels,
        resample=config.resample,
        depth=config.depth,
        background=config.background,
        layout=config.layout,
        skip_unreadable=config.skip_unreadable,
        data_dir=place.data_dir,
        download=place.download,
        seed=config.seed,
        progress=lambda done, total: on_step(Step(f"prepare {path}", done, total, "images")),
    )
    return PreparedFile(path, count, config.size)


def default_name(source: str) -> str:
    """Return the name of a set from its source, such as the last part of a path without the split."""
    name = Path(source).resolve().stem if Path(source).exists() else source.replace(":", "_")
    return name.removesuffix("_train").removesuffix("_test")
