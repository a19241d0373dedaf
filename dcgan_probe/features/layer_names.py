"""Choice of network layers by name or number."""

from collections.abc import Sequence
from typing import Any

from ..runtime import UserError
from .source_options import DiscriminatorOptions, UntrainedOptions


def choose_layers(asked: Sequence[str] | str | None, available: Sequence[str]) -> tuple[str, ...]:
    """Return layer names, in the network's order, for names or numbers from 1 on; None or ``all`` selects all.

    A string is a comma-separated list: ``"conv1,conv3"``.

    Raises
    ------
    UserError
        If a layer does not exist, or none is named.
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
    """Return the name of one layer for its name or its number from 1 on; None selects the last layer.

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
    """Check the layers in the options of discriminator features; options of other sources are not checked.

    Raises
    ------
    UserError
        If the discriminator lacks a layer.
    """
    if isinstance(options, DiscriminatorOptions | UntrainedOptions):
        choose_layers(options.layers, available)
