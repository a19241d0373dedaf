"""Configs of features and of their extraction."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from ..runtime import Config, UserError, Workspace, check_fields, from_mapping, option
from .feature_source import FeatureSource
from .plugins import plugin_of
from .sources import source_named


@dataclass(frozen=True)
class FeatureConfig(Config):
    """Settings that, with the images, determine the numbers in a feature file."""

    features: str = option("dcgan", "Source of the features.")
    options: Any = field(default=None)
    """Instance of the source's ``options``; None stands for the defaults."""
    dtype: Literal["float32", "float16"] = option("float32", "Data type of the features on disk.")
    run: Path | None = option(None, "Run folder, or its name in --runs.", usual="the run trained last")
    seed: int = option(0, "Seed of every random choice.", min=0)

    def __post_init__(self) -> None:
        """Build the options from a mapping, or from the source's defaults if None; see ``Config``."""
        source, options = self.source, self.options
        if options is None or isinstance(options, Mapping):
            options = from_mapping(source.options, options or {})
        if not isinstance(options, source.options):
            raise UserError(
                f"got {type(options).__name__} as options of {source.name} features, expected "
                f"{source.options.__name__} or a mapping of its fields",
                parameter="options",
            )
        check_fields(options)
        object.__setattr__(self, "options", options)
        super().__post_init__()

    @property
    def source(self) -> FeatureSource:
        """The source of the features."""
        return source_named(self.features)

    def to_command(self, workspace: Workspace | None = None) -> str:
        """Return the equivalent command line, with the source's plugin; see ``Config.to_command``."""
        plugin = plugin_of(self.features)
        return super().to_command(workspace) + ("" if plugin is None else f" --plugin {shlex.quote(plugin)}")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Build a config from TOML values, with the source's options under ``options``; see ``from_mapping``."""
        source = source_named(str(values.get("features", "dcgan")))
        options = from_mapping(source.options, values.get("options", {}))
        return from_mapping(cls, {**values, "options": options})


@dataclass(frozen=True)
class ExtractConfig(FeatureConfig):
    """Config of ``extract``: the features of one split of one image set."""

    verb: ClassVar[str] = "extract"
    places: ClassVar[tuple[str, ...]] = ("runs", "data_dir", "download", "device")

    dataset: str = option("cifar10", "Images to encode: a name, a folder or an .h5 file.")
    split: Literal["train", "test"] = option("train", "Split to encode.")
