"""Formats of tables, and configs of the verbs that write tables."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, get_args

from ..runtime import REQUIRED, Config, UserError, option

Format = Literal["console", "markdown", "csv", "latex"]
FORMATS: tuple[Format, ...] = get_args(Format)


@dataclass(frozen=True)
class TableConfig(Config):
    """Tables to print from a results folder; all tables are written."""

    verb: ClassVar[str] = "table"
    places: ClassVar[tuple[str, ...]] = ("results",)

    form: Format = option("markdown", "Format of the printed tables.", flag="--format")
    protocol: str | None = option(None, "Print only this protocol, such as svhn-1000.", usual="all")


@dataclass(frozen=True)
class CompareConfig(Config):
    """Paired comparisons of the rows of one protocol."""

    verb: ClassVar[str] = "compare"
    places: ClassVar[tuple[str, ...]] = ("results",)

    protocol: str = option(REQUIRED, "Protocol of the rows, such as cifar10-all.")
    against: str | None = option(
        None, "Row to compare with every other: number or name.", usual="first DCGAN, else first"
    )
    all_pairs: bool = option(False, "Compare every row with every other.")
    form: Format = option("console", "Format of the printed tables.", flag="--format")

    def check(self) -> None:
        """Check that either one row is compared or all pairs are."""
        if self.against is not None and self.all_pairs:
            raise UserError("got against and all_pairs, expected one of them", parameter="against")


@dataclass(frozen=True)
class ImportResultsConfig(Config):
    """Another results folder whose records are added to a results folder."""

    verb: ClassVar[str] = "import results"
    places: ClassVar[tuple[str, ...]] = ("results",)

    folder: Path = option(REQUIRED, argument=True, metavar="DIR", exists=True)
    """The other results folder."""
