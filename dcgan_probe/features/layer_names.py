"""Layers of a network, chosen by name or by number."""

from collections.abc import Sequence
from typing import Any

from ..runtime import UserError
from .source_options import DiscriminatorOptions, UntrainedOptions


def choose_layers(asked: Sequence[str] | str | None, available: Sequence[str]) -> tuple[str, ...]:
    """Turn names or numbers from 1 on into layer names, in the network's order; None or ``all`` means all.

    A text is a list with commas: ``"conv1,conv3"``.

    Raises
    ------
    UserError
        If a layer does not exist.
    """
    asked = asked.split(",") if isinstance(asked, str) else asked
    if asked is None or list(asked) == ["all"]:
        return tuple(available)
    numbers = {str(number): name for number, name in enumerate(available, 1)}
    names = {numbers.get(name, name) for name in asked}
    unknown = sorted(names - set(available))
    if unknown or not names:
        raise UserError(
            f"unknown layer {', '.join(unknown) or '(none named)'}: expected all, or some of "
            f"{', '.join(available)} (or 1 to {len(available)})",
            parameter="layers",
        )
    return tuple(name for name in available if name in names)


def choose_layer(asked: str | None, available: Sequence[str]) -> str:
    """Turn the name of one layer, or its number from 1 on, into its name; None means the last of at least one.

    Raises
    ------
    UserError
        If the layer does not exist.
    """
    numbers = {str(number): name for number, name in enumerate(available, 1)}
    name = available[-1] if asked is None else numbers.get(asked, asked)
    if name not in available:
        raise UserError(
            f"unknown layer {asked}: expected one of {', '.join(available)} (or 1 to {len(available)})",
            parameter="layer",
        )
    return name


def check_layers(options: Any, available: Sequence[str]) -> None:
    """Check the layers in the options of a discriminator's features; other sources name layers of their own.

    Raises
    ------
    UserError
        If the discriminator lacks one.
    """
    if isinstance(options, DiscriminatorOptions | UntrainedOptions):
        choose_layers(options.layers, available)
