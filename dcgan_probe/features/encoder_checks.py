"""Checks of an encoder's attributes, and of each block of its features."""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ..runtime import UserError
from .feature_set import EncoderOrigin

if TYPE_CHECKING:
    from ..images import ImageSet
    from .encoders import Encoder

ATTRIBUTES = {
    "origin": "an EncoderOrigin",
    "layers": 'a dictionary of column ranges (start, stop) such as {"conv1": (0, 64)}',
    "settings": "a JSON-serializable dictionary",
    "batch": "a number of images, at least 1",
    "check": "a method check(images)",
    "encode": "a method encode(images)",
}
"""Attributes of an encoder, with the expected value of each."""
KEY_SETTINGS = ("images", "dtype", "format")
"""Settings that the cache adds."""
SHARE_SETTINGS = ("maps", "maps_seed")
"""Settings of a share of each layer's maps, as records name them."""


@contextmanager
def naming(source: str, part: str) -> Iterator[None]:
    """Add a note with the source and the failing part to any exception except ``UserError``."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        error.add_note(f"raised by {part} of {source} features")
        raise


def checked_columns(source: str, columns: Any) -> int:
    """Check a source's count of columns, and return it.

    Raises
    ------
    UserError
        If it is not an integer of at least 1.
    """
    if isinstance(columns, bool) or not isinstance(columns, int | np.integer) or columns < 1:
        raise UserError(f"{source} features: columns returned {columns!r}, expected a whole number of at least 1")
    return int(columns)


class CheckedEncoder:
    """Encoder with checks of its attributes and of each block of features."""

    def __init__(self, encoder: "Encoder", source: str):
        """Check the attributes.

        Raises
        ------
        UserError
            If an attribute is missing or has an invalid type or value; the message gives the source, the attribute, its
            value and the expected value.
        """
        _require_attributes(encoder, source)
        with naming(source, "the attributes of the encoder"):
            self.origin: EncoderOrigin = checked_origin(encoder.origin, source)
            self.layers: dict[str, tuple[int, int]] = checked_layers(encoder.layers, source)
            self.settings: dict[str, Any] = checked_settings(encoder.settings, self.layers, source)
            self.batch: int = _checked_batch(encoder.batch, source)
        self.source, self.encoder = source, encoder

    @property
    def dimension(self) -> int:
        """Number of columns of all layers together."""
        return max(stop for _, stop in self.layers.values())

    def check(self, images: "ImageSet") -> None:
        """Raise ``UserError`` for images that the encoder does not fit."""
        with naming(self.source, "check"):
            self.encoder.check(images)

    def encode(self, images: np.ndarray, first: int = 0) -> np.ndarray:
        """Encode uint8 images (n, channels, H, W) as float32 features (n, D).

        Parameters
        ----------
        first
            Index of the first image in its set, for error messages.

        Raises
        ------
        UserError
            If the features are not a finite float32 array (n, D).
        """
        with naming(self.source, "encode"):
            features = self.encoder.encode(images)
        expected = (len(images), self.dimension)
        if not isinstance(features, np.ndarray):
            found = f"{type(features).__module__}.{type(features).__qualname__}"
            raise UserError(
                f"{self.source} features: encode returned {found}, expected a numpy array float32 {expected}"
                + ("; convert it with .cpu().numpy()" if found.startswith("torch.") else "")
            )
        if features.shape != expected or features.dtype != np.float32:
            raise UserError(
                f"{self.source} features: encode returned {features.dtype} {features.shape}, expected float32 "
                f"{expected}: one row per image, and the columns of `encoder.layers`"
            )
        finite = np.isfinite(features)
        if not finite.all():
            row, column = (int(axis[0]) for axis in np.nonzero(~finite))
            layer = next(name for name, (start, stop) in self.layers.items() if start <= column < stop)
            raise UserError(
                f"{self.source} features: encode returned {features[row, column]} at image {first + row}, layer "
                f"{layer}, column {column}, expected finite numbers; check the checkpoint or the encoder's code"
            )
        return features


def checked_encoder(encoder: "Encoder") -> CheckedEncoder:
    """Wrap an encoder in ``CheckedEncoder``, which raises ``UserError`` for invalid attributes."""
    if isinstance(encoder, CheckedEncoder):
        return encoder
    return CheckedEncoder(encoder, str(getattr(getattr(encoder, "origin", None), "features", type(encoder).__name__)))


def _require_attributes(encoder: Any, source: str) -> None:
    missing = [name for name in ATTRIBUTES if not hasattr(encoder, name)]
    if missing:
        raise UserError(
            f"{source} features: the encoder, a {type(encoder).__name__}, has no "
            + "; no ".join(f"`encoder.{name}`, expected {ATTRIBUTES[name]}" for name in missing)
        )
    for name in ("check", "encode"):
        if not callable(getattr(encoder, name)):
            raise _refusal(source, name, getattr(encoder, name))


def _refusal(source: str, name: str, value: Any, why: str = "") -> UserError:
    """Build the error for an invalid attribute."""
    return UserError(
        f"{source} features: got `encoder.{name}` {value!r}, expected {ATTRIBUTES[name]}{why and f': {why}'}"
    )


def checked_origin(origin: Any, source: str) -> EncoderOrigin:
    """Check the origin of an encoder, and return it."""
    if not isinstance(origin, EncoderOrigin):
        raise _refusal(source, "origin", origin)
    if origin.features != source:
        raise _refusal(source, "origin", origin, f"features={source!r}, the name of the source")
    require_json(origin.recipe, source, "encoder.origin.recipe")
    _require_free(origin.recipe, SHARE_SETTINGS, source, "encoder.origin.recipe")
    return origin


def checked_layers(layers: Any, source: str) -> dict[str, tuple[int, int]]:
    """Check that the layers' column ranges are consecutive and start at 0, and return them."""
    if not isinstance(layers, Mapping) or not layers:
        raise _refusal(source, "layers", layers)
    found, last = dict[str, tuple[int, int]](), 0
    for name, columns in layers.items():
        if not isinstance(name, str) or not name or set(name) & set("+,"):
            raise _refusal(source, "layers", layers, f"the name {name!r} must be a string without + and commas")
        if not (isinstance(columns, tuple | list) and len(columns) == 2 and all(map(_is_whole, columns))):
            raise _refusal(source, "layers", layers, f"{name} has {columns!r} instead of two whole numbers")
        start, stop = map(int, columns)
        if start != last or stop <= start:
            why = f"{name} has columns {start} to {stop}, but must start at {last} and stop after it"
            raise _refusal(source, "layers", layers, why)
        found[name], last = (start, stop), stop
    return found


def checked_settings(settings: Any, layers: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Check the settings of an encoder, and return them as JSON stores them: tuples become lists."""
    if not isinstance(settings, Mapping):
        raise _refusal(source, "settings", settings)
    require_json(settings, source, "encoder.settings")
    _require_free(settings, (*KEY_SETTINGS, *SHARE_SETTINGS), source, "encoder.settings")
    if "layers" in settings and settings["layers"] not in (list(layers), tuple(layers)):
        raise _refusal(source, "settings", dict(settings), f"its layers must be {list(layers)}, as in `encoder.layers`")
    plain: dict[str, Any] = json.loads(json.dumps(dict(settings)))
    return plain


def _require_free(given: Mapping[str, Any], taken: tuple[str, ...], source: str, place: str) -> None:
    used = [name for name in taken if name in given]
    if used:
        raise UserError(
            f"{source} features: got {', '.join(used)} in `{place}`, reserved by the cache or the records; expected "
            "another name"
        )


def require_json(value: Any, source: str, place: str) -> None:
    """Raise ``UserError`` for a value that is not JSON-serializable."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise UserError(f"{source} features: got the key {name!r} in `{place}`, expected a string")
            require_json(inner, source, f"{place}[{name!r}]")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            require_json(inner, source, f"{place}[{number}]")
    elif not (value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))):
        raise UserError(
            f"{source} features: got `{place}` {value!r} ({type(value).__name__}), expected a JSON value: a string, a "
            "finite number, a bool, None, or a list or dictionary of these"
        )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _checked_batch(batch: Any, source: str) -> int:
    if not _is_whole(batch) or batch < 1:
        raise _refusal(source, "batch", batch)
    return int(batch)
