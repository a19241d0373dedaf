"""Options of the sources of features, one per field of their options, sources of plugins included."""

import dataclasses
from collections.abc import Iterable, Sequence
from copy import copy
from types import MappingProxyType
from typing import Any, TypeVar, get_type_hints

import click

from ..features import FeatureConfig, FeatureSource, feature_sources, source_named, source_options
from ..runtime import UserError, has_type
from .command_lines import RecordedCommand
from .config_options import field_option

AnyConfig = TypeVar("AnyConfig", bound=FeatureConfig)


class SourceName(click.ParamType):
    """The name of a source of features."""

    name = "source"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check that the source exists."""
        try:
            return source_named(value).name
        except UserError as error:
            self.fail(str(error).replace("`load_plugin`", "--plugin"), param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return the names of all sources."""
        return f"[{'|'.join(source.name for source in feature_sources())}]"


SOURCE_DEFAULT = "the source's"
"""Default of the scaling in the help text of its field."""
features_option = click.option(
    "--features",
    type=SourceName(),
    multiple=True,
    default=("dcgan",),
    show_default=True,
    help="Source of the features; repeatable.",
)


class SourceCommand(RecordedCommand):
    """Verb with the options of all sources of features; ``--help-source`` shows those of one source."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the verb's parameters, followed by those of the sources."""
        own = [_with_default_scales(param) if param.name == "scale" else param for param in super().get_params(ctx)]
        return [*own, _help_option(), *_options(feature_sources())]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verb's options, and the command that shows those of a source."""
        super().format_options(ctx, formatter)
        with formatter.section("Options of each source of features"):
            formatter.write_text(
                f"dcgan-probe {self.name} --help-source {'|'.join(each.name for each in feature_sources())}"
            )


def _with_default_scales(param: click.Parameter) -> click.Parameter:
    """Return the scaling option with the defaults of all sources in its help text."""
    names: dict[str, list[str]] = {"none": []}
    for source in feature_sources():
        names.setdefault(source.default_scale, []).append(source.name)
    del names["none"]
    defaults = ["none", *(f"{scale} for {' and '.join(own)}" for scale, own in names.items())]
    shown = copy(param)
    assert isinstance(shown, click.Option)
    shown.help = (shown.help or "").replace(SOURCE_DEFAULT, "; ".join(defaults))
    return shown


def _help_option() -> click.Option:
    return click.Option(
        ["--help-source"],
        type=SourceName(),
        metavar="NAME",
        expose_value=False,
        is_eager=True,
        callback=_show_source,
        help="Show the options of a source of features and exit.",
    )


def _show_source(context: click.Context, parameter: click.Parameter, name: str | None) -> None:
    """Print the options of a source."""
    if name is None or context.resilient_parsing:
        return
    source = source_named(name)
    rows = [option.get_help_record(context) for option in _own_options(source)]
    formatter = context.make_formatter()
    with formatter.section(f"Options of {name} features ({source.label})"):
        formatter.write_dl([row for row in rows if row is not None] or [("none", "")])
    click.echo(formatter.getvalue().rstrip())
    context.exit()


def _own_options(source: FeatureSource) -> list[click.Option]:
    """Return the options of one source, with their defaults for the help text."""
    hints = get_type_hints(source.options)
    return [_click_option(each, hints[each.name]) for each in dataclasses.fields(source.options)]


def _options(registered: Sequence[FeatureSource]) -> list[click.Option]:
    """Return one option per distinct name, without a default, so that each source applies its own."""
    annotations: dict[str, Any] = {}
    fields: dict[str, dataclasses.Field[Any]] = {}
    for source in registered:
        hints = get_type_hints(source.options)
        for each in dataclasses.fields(source.options):
            own = hints[each.name]
            annotations[each.name] = annotations[each.name] | own if each.name in annotations else own
            fields[each.name] = _wider(fields[each.name], each) if each.name in fields else each
    return [_click_option(each, annotations[name], default=None, hidden=True) for name, each in fields.items()]


def _wider(one: dataclasses.Field[Any], other: dataclasses.Field[Any]) -> dataclasses.Field[Any]:
    """Return a field whose range covers both fields; each source checks its own range."""
    metadata = dict(one.metadata)
    for bound, choose in (("min", min), ("max", max)):
        values = [each.metadata[bound] for each in (one, other) if bound in each.metadata]
        metadata.pop(bound, None)
        if len(values) == 2:
            metadata[bound] = choose(values)
    wider = copy(one)
    wider.metadata = MappingProxyType(metadata)
    return wider


def _click_option(each: dataclasses.Field[Any], annotation: Any, **changes: Any) -> click.Option:
    def nothing() -> None:
        """Receive the option from the decorator."""

    return field_option(each, annotation, **changes)(nothing).__click_params__[0]


def chosen_configs(
    kind: type[AnyConfig], names: Iterable[str], typed: dict[str, Any], controls: Iterable[str] = (), **shared: Any
) -> list[AnyConfig]:
    """Build one config for each source of features.

    Parameters
    ----------
    typed
        Options of sources from the command line; each one applies to every source that has it.
    controls
        Sources added as controls; options with values that are invalid for them keep their defaults.
    shared
        Fields common to all configs.

    Raises
    ------
    UserError
        If no source has an option, or a value is invalid for a named source.
    """
    chosen = [source_named(name) for name in dict.fromkeys(names)]
    added = [source_named(name) for name in dict.fromkeys(controls) if name not in {each.name for each in chosen}]
    typed = {name: value for name, value in typed.items() if value is not None}
    for name in typed:
        if not any(name in _names(source) for source in (*chosen, *added)):
            supporting = [source.name for source in feature_sources() if name in _names(source)]
            raise UserError(
                f"{', '.join(source.name for source in chosen)} features do not have this option; "
                f"{', '.join(supporting)} do: omit it",
                parameter=name,
            )
    return [
        *(kind(features=source.name, options=source_options(source, typed), **shared) for source in chosen),
        *(
            kind(features=source.name, options=_control_options(source, typed), **_without_maps(source, shared))
            for source in added
        ),
    ]


def _names(source: FeatureSource) -> set[str]:
    return {each.name for each in dataclasses.fields(source.options)}


def _control_options(source: FeatureSource, typed: dict[str, Any]) -> Any:
    """Build the options of a control from the typed options that are valid for it."""
    hints = get_type_hints(source.options)
    return source_options(
        source, {name: value for name, value in typed.items() if name in hints and has_type(value, hints[name])}
    )


def _without_maps(source: FeatureSource, shared: dict[str, Any]) -> dict[str, Any]:
    return {**shared, "maps": None} if "maps" in shared and not source.needs_run else shared
