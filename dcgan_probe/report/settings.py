"""Formats of a table, and configs of the verbs that write tables."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, get_args

from ..runtime import REQUIRED, Config, UserError, option

Format = Literal["console", "markdown", "csv", "latex"]
FORMATS: tuple[Format, ...] = get_args(Format)


@dataclass(frozen=True)
class TableConfig(Config):
    """Tables of a results folder: all are written, and some shown."""

    verb: ClassVar[str] = "table"
    places: ClassVar[tuple[str, ...]] = ("results",)

    form: Format = option("markdown", "What to print.", flag="--format")
    protocol: str | None = option(None, "Print this protocol only, such as svhn-1000.", usual="all")


@dataclass(frozen=True)
class CompareConfig(Config):
    """Paired comparisons of the rows of one protocol."""

    verb: ClassVar[str] = "compare"
    places: ClassVar[tuple[str, ...]] = ("results",)

    protocol: str = option(REQUIRED, "Whose rows, such as cifar10-all.")
    against: str | None = option(
        None, "Row to compare with every other: number or name.", usual="first DCGAN, else first"
    )
    all_pairs: bool = option(False, "Compare every row with every other.")
    form: Format = option("console", "What to print.", flag="--format")

    def check(self) -> None:
        """Check that either one row is compared or all pairs are."""
        if self.against is not None and self.all_pairs:
            raise UserError("got against and all_pairs, expected one of them", parameter="against")


@dataclass(frozen=True)
class ImportResultsConfig(Config):
    """Records of another folder that join those of a results folder."""

    verb: ClassVar[str] = "import results"
    places: ClassVar[tuple[str, ...]] = ("results",)

    folder: Path = option(REQUIRED, argument=True, metavar="DIR", exists=True)
    """The other results folder."""
