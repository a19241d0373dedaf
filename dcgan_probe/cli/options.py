"""Click types of options, and options shared by several verbs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

if TYPE_CHECKING:
    from ..gan import Run


class Count(click.ParamType):
    """Whole number with an optional suffix: 64000, 64k, 2M, 1.5M."""

    name = "count"
    factors: ClassVar = {"k": 1_000, "M": 1_000_000}
    most = 10**12
    """More images, samples or patches than any machine can process."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse text as a number."""
        if isinstance(value, int):
            return value
        factor = self.factors.get(value[-1:], 1)
        try:
            number = float(value[:-1] if factor > 1 else value) * factor
            whole = round(number)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not a count: expected a number such as 64000, 64k or 2M", param, ctx)
        if abs(number - whole) > 1e-6 or whole < 1:
            self.fail(f"{value!r} is not a whole number of at least 1", param, ctx)
        if whole > self.most:
            self.fail(f"{value!r} is too large: expected at most {self.most:,}", param, ctx)
        return whole


class Bytes(click.ParamType):
    """Amount of memory: 500MB, 2GB, 1.5GB (powers of ten)."""

    name = "size"
    factors: ClassVar = {"kB": 1e3, "MB": 1e6, "GB": 1e9}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse text as a number of bytes."""
        if isinstance(value, int):
            return value
        factor = self.factors.get(value[-2:])
        try:
            number = float(value[:-2]) * factor if factor else 0.0
        except ValueError:
            number = 0.0
        if not 1.0 <= number < float("inf"):
            self.fail(f"{value!r} is not an amount of memory: expected one such as 500MB or 2GB", param, ctx)
        return round(number)


class Seconds(click.ParamType):
    """Duration: 90s, 8m, 2h."""

    name = "time"
    factors: ClassVar = {"s": 1.0, "m": 60.0, "h": 3600.0}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse text as seconds."""
        if isinstance(value, float):
            return value
        try:
            seconds = float(value[:-1]) * self.factors.get(value[-1:], 0.0)
        except ValueError:
            seconds = 0.0
        if not 0.0 < seconds < float("inf"):
            self.fail(f"{value!r} is not a time: expected one such as 90s, 8m or 2h", param, ctx)
        return seconds


class Numbers(click.ParamType):
    """Whole numbers separated by commas: 1,2,4."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Parse text as a tuple."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(part) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is not a list of whole numbers such as 1,2,4", param, ctx)


class DepthType(click.ParamType):
    """``scale``, or two numbers separated by a comma."""

    name = "scale|LOW,HIGH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse text as a depth."""
        if value == "scale" or isinstance(value, tuple):
            return value
        try:
            low, high = (float(number) for number in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is neither scale nor two numbers such as 0,4095", param, ctx)
        return low, high


class Labels(click.ParamType):
    """``all`` (None) or a number."""

    name = "all|N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """Parse text as a number or None."""
        if value is None or value == "all":
            return None
        try:
            number = int(value)
        except ValueError:
            number = 0
        if number < 1:
            self.fail(f"{value!r} is not a number of labels: expected all, or a number such as 1000", param, ctx)
        return number


class LayerNames(click.ParamType):
    """``all`` (None), or names and numbers separated by commas."""

    name = "layers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...] | None:
        """Parse text as a tuple or None."""
        if not isinstance(value, str):
            return value
        return None if value.strip() == "all" else tuple(part.strip() for part in value.split(",") if part.strip())


run_option = click.option(
    "--run",
    "run_folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Run folder, or its name in --runs.  [default: the run trained last]",
)
plugin_option = click.option(
    "--plugin",
    "_plugins",
    metavar="MODULE|FILE.py",
    multiple=True,
    expose_value=False,
    help="Import a module that registers sources of features; before or after the verb; repeatable.",
)
"""For the help text only: ``FriendlyGroup`` imports the modules before it resolves the verb."""
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print no progress or notes on stderr.")
dry_run_option = click.option("-n", "--dry-run", is_flag=True, help="Print the plan without running it.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print a list of summaries instead of the table.")


def chosen_run(run_folder: Path | None, runs: Path, *, quiet: bool = False) -> "Run":
    """Return the run of a folder or of a name in ``runs``; by default the run trained last, whose name is printed."""
    from ..gan import named_run
    from .progress import note_printer

    return named_run(run_folder, runs, on_note=note_printer(quiet))
