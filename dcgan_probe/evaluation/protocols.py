"""Protocols of evaluations as data.

A protocol names the split that trains, the split that chooses ``C`` and the split that is reported; construction fails
if these share rows. Source: section 3 of Radford et al. (arXiv 1511.06434) and the authors' released code; the number
of CIFAR-10 draws follows the papers to which the results are compared.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from ..runtime import UserError, check_fields

Split = Literal["train", "rest", "held out", "drawn", "undrawn", "test"]
DISJOINT_TRAINING_SPLITS = (
    frozenset({"rest", "held out"}),
    frozenset({"drawn", "held out"}),
    frozenset({"drawn", "undrawn"}),
)

STANDARD_DEVIATION = "standard deviation over draws"
INTERVAL = "1.96 x standard deviation over draws"
ONE_FIT = "none, one fit"
SPREAD_FACTORS = {STANDARD_DEVIATION: 1.0, INTERVAL: 1.96}
"""Factor of the sample standard deviation (divisor n - 1) over the reported draws in each definition of the spread."""

HELD_OUT_SHARE = 0.2
"""Share of each class on which C is chosen if all labels are used: 10,000 of CIFAR-10's 50,000 rows."""
SVHN_VALIDATION_ROWS = 10_000
SVHN_LEAST_ROWS = 11_000
"""Least number of training rows with a fixed validation split; with fewer rows, draws overlap strongly."""
SELECT_DRAWS, REPORT_DRAWS, SVHN_REPORT_DRAWS = 10, 10, 100
OVERLAP_NOTE = (
    "the draws overlap, since all come from the same {rows:,} training rows, and the spread is therefore narrower than "
    "{wider}"
)


def disjoint(first: Split, second: Split) -> bool:
    """Return whether two splits of one protocol have no common row by construction."""
    if "test" in (first, second):
        return first != second
    return frozenset({first, second}) in DISJOINT_TRAINING_SPLITS


@dataclass(frozen=True)
class Protocol:
    """Protocol for one labeled set.

    The split ``train`` is all training rows, ``held out`` a fixed part of them, and ``rest`` the others. ``drawn`` is
    one draw of rows from ``rest``, an equal number of each class, and ``undrawn`` is ``rest`` without the drawn rows.
    """

    name: str
    """Name of set and labels, such as ``svhn-1000``."""
    dataset: str
    classes: int
    labels: int | None
    """Labeled rows that a reported fit trains on; None for all."""
    train_rows: int
    """Size of the whole training set."""
    select_trains_on: Split
    chooses_on: Split
    """Split whose accuracy chooses C."""
    report_trains_on: Split
    reports_on: Split
    select_draws: int
    """Draws that choose C."""
    draws: int
    """Fresh draws that are reported."""
    spread: str
    """Definition of the spread: a key of ``SPREAD_FACTORS``, or ``ONE_FIT``."""
    held_out_rows: int = 0
    """Number of training rows that are held out, drawn at random from all classes together."""
    held_out_share: float = 0.0
    """Share of each class that is held out."""
    notes: tuple[str, ...] = ()
    """Notes for readers of the figures."""

    def __post_init__(self) -> None:
        """Check that the splits for training, choice and report share no rows.

        Raises
        ------
        UserError
            If a number is out of range; if the spread or a split is unknown; if the split that chooses C shares rows
            with the reported split or with the training rows of the selection fits, or the reported split shares rows
            with the training rows of the reported fits; or if the held-out rows do not match the splits.
        """
        for split in (self.select_trains_on, self.chooses_on, self.report_trains_on, self.reports_on):
            if split not in get_args(Split):
                known = ", ".join(get_args(Split))
                raise UserError(f"protocol {self.name}: got the split {split!r}, expected one of {known}")
        self._check_values()
        for first, second, purpose in (
            (self.chooses_on, self.reports_on, "that chooses C and the reported split"),
            (self.select_trains_on, self.chooses_on, "that trains and the split that chooses C"),
            (self.report_trains_on, self.reports_on, "that trains and the reported split"),
        ):
            if not disjoint(first, second):
                raise UserError(
                    f"protocol {self.name}: the split {purpose} share rows (got {first!r} and {second!r}); "
                    "expected splits without a common row"
                )
        if bool(self.held_out_rows) + bool(self.held_out_share) != (self.chooses_on == "held out"):
            raise UserError(
                f"protocol {self.name}: got {self.held_out_rows} held-out rows and a held-out share of "
                f"{self.held_out_share}; expected exactly one of them if the held-out rows choose C, else neither"
            )

    def _check_values(self) -> None:
        """Check the numbers and the definition of the spread."""
        check_fields(self)
        for name in ("classes", "train_rows", "select_draws", "draws"):
            if getattr(self, name) < 1:
                raise UserError(f"protocol {self.name}: got {name} {getattr(self, name)}, expected at least 1")
        if self.labels is not None and (self.labels < 1 or self.labels % self.classes):
            raise UserError(
                f"protocol {self.name}: got {self.labels} labels for {self.classes} classes, expected a multiple"
            )
        if self.spread not in (*SPREAD_FACTORS, ONE_FIT):
            known = " or ".join(map(repr, (*SPREAD_FACTORS, ONE_FIT)))
            raise UserError(f"protocol {self.name}: got the spread {self.spread!r}, expected {known}")

    @property
    def per_class(self) -> int:
        """Labeled rows of each class in a draw; 0 if all rows are used."""
        return (self.labels or 0) // self.classes


def protocol_named(name: str, train_rows: int, classes: int) -> "Protocol":
    """Return the protocol of a recorded name, such as ``svhn-1000`` or ``cifar10-all``; see ``protocol_for``."""
    dataset, labels = divided_name(name)
    return protocol_for(dataset, train_rows, classes, labels)


def divided_name(name: str) -> tuple[str, int | None]:
    """Split the name of a protocol into data set and number of labels, None for all.

    Raises
    ------
    UserError
        If the name has another form.
    """
    dataset, _, labels = name.rpartition("-")
    if not dataset or not (labels == "all" or labels.isdecimal()):
        raise UserError(
            f"unknown protocol {name!r}: expected the name of a set with -all or a number of labels, such as "
            "cifar10-all, cifar10-4000 or svhn-1000, or a Protocol",
            parameter="protocol",
        )
    return dataset, None if labels == "all" else int(labels)


def protocol_for(
    dataset: str,
    train_rows: int,
    classes: int,
    labels: int | None = None,
    draws: int | None = None,
    select_draws: int | None = None,
    most: int | None = None,
) -> Protocol:
    """Return the protocol of a set.

    With all labels, a fifth of each class chooses C, then one fit on all rows is reported. With N labels, fits train on
    draws of N / classes rows of each class, the undrawn rows choose C, and fresh draws are reported. With at least
    11,000 training rows, ``svhn`` has a fixed validation split of 10,000 rows, which chooses C. It reports 100 draws.

    Parameters
    ----------
    train_rows
        Rows of the whole training set.
    labels
        Labeled rows of a fit, a multiple of ``classes``; None for all.
    draws, select_draws
        Number of reported draws, and of draws that choose C. The default is 10 each, 100 reported draws for ``svhn``,
        and 1 each with all labels.
    most
        Greatest number of labels of a draw, from ``most_labels``; by default a bound from the number of rows.

    Raises
    ------
    UserError
        If the labels cannot be divided equally among the classes or leave no rows to choose C on, or a number of draws
        is out of range.
    """
    if classes < 2:
        raise UserError(f"{dataset} has {classes} class, expected at least 2", parameter="dataset")
    _check_draws("draws", draws, labels)
    _check_draws("select_draws", select_draws, labels)
    fixed = fixed_validation_rows(dataset, train_rows)
    if labels is None:
        return _all_labels(dataset, train_rows, classes, fixed)
    available = train_rows - fixed
    _check_labels(dataset, available, classes, labels, (available - 1) // classes * classes if most is None else most)
    svhn = dataset == "svhn"
    return Protocol(
        name=f"{dataset}-{labels}",
        dataset=dataset,
        classes=classes,
        labels=labels,
        train_rows=train_rows,
        select_trains_on="drawn",
        chooses_on="held out" if fixed else "undrawn",
        report_trains_on="drawn",
        reports_on="test",
        select_draws=select_draws or SELECT_DRAWS,
        draws=draws or (SVHN_REPORT_DRAWS if svhn else REPORT_DRAWS),
        spread=INTERVAL if svhn else STANDARD_DEVIATION,
        held_out_rows=fixed,
        notes=_overlap(train_rows, "the paper's" if svhn else "that of separate draws"),
    )


def _check_draws(parameter: str, draws: int | None, labels: int | None) -> None:
    """Check a number of draws, which must be 1 with all labels."""
    words = parameter.replace("_", " ")
    if draws is not None and draws < 1:
        raise UserError(f"got {draws} {words}; expected at least 1", parameter=parameter)
    if labels is None and draws not in (None, 1):
        raise UserError(
            f"got {draws} {words} with all labels, of which only 1 is possible; expected 1, or a number of `labels`",
            parameter=parameter,
        )


def _overlap(train_rows: int, wider: str) -> tuple[str, ...]:
    return (OVERLAP_NOTE.format(rows=train_rows, wider=wider),) if train_rows < SVHN_LEAST_ROWS else ()


def _all_labels(dataset: str, train_rows: int, classes: int, fixed: int) -> Protocol:
    return Protocol(
        name=f"{dataset}-all",
        dataset=dataset,
        classes=classes,
        labels=None,
        train_rows=train_rows,
        select_trains_on="rest",
        chooses_on="held out",
        report_trains_on="train",
        reports_on="test",
        select_draws=1,
        draws=1,
        spread=ONE_FIT,
        held_out_rows=fixed,
        held_out_share=0.0 if fixed else HELD_OUT_SHARE,
    )


def fixed_validation_rows(dataset: str, train_rows: int) -> int:
    """Return the number of fixed validation rows, held out of every draw: 10,000 for SVHN, else 0."""
    return SVHN_VALIDATION_ROWS if dataset == "svhn" and train_rows >= SVHN_LEAST_ROWS else 0


def advised_labels(labels: int, classes: int, most: int) -> str:
    """Return the advice of a message on numbers of labels that are possible instead of ``labels``, nearest first."""
    below = min(max(labels // classes, 1) * classes, most)
    if below < classes:
        return "use all"
    if below == most:
        return f"use at most {most}, or all"
    return f"use {below} or {below + classes}, at most {most}, or all"


def _check_labels(dataset: str, available: int, classes: int, labels: int, most: int) -> None:
    advice = advised_labels(labels, classes, most)
    if labels > most:
        raise UserError(
            f"got {labels} labels for {dataset}, which has {available} training rows to draw from, an equal number of "
            f"each of {classes} classes, and some must be left to choose C on; {advice}",
            parameter="labels",
        )
    if labels < classes or labels % classes:
        raise UserError(
            f"got {labels} labels for {dataset}, expected a multiple of its {classes} classes; {advice}",
            parameter="labels",
        )
