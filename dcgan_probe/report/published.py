"""Published figures, read from the plans of tables, each with the mark of its origin.

Marks of origin: ``P`` the paper (Radford et al., arXiv 1511.06434), ``2`` quoted by a later paper, ``?`` remembered
with no source at hand: unverified, and marked so wherever it is shown; ``A`` the authors' released code; ``C`` Coates,
Lee and Ng, "An analysis of single-layer networks in unsupervised feature learning", 2011.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from ..evaluation import Scale
from ..images import set_name
from ..runtime import UserError, did_you_mean, from_mapping, located
from ..storage import TABLES, TEXT, check_forms, read_toml, tables, tables_in

PARTS = {
    "dataset": TEXT,
    "protocols": tables("protocols"),
    "published": tables("published"),
    "encoders": tables_in("encoders"),
}
"""Parts of a plan that its published figures come from, each with the form of its value."""

Mark = Literal["", "P", "A", "C", "2", "?"]
MARKS: dict[Mark, str] = {
    "P": "the paper",
    "A": "inferred from the authors' code",
    "C": "Coates, Lee and Ng, 2011",
    "2": "quoted by a later paper",
    "?": "unverified",
}


@dataclass(frozen=True)
class PublishedEncoder:
    """The images that trained a published encoder without labels."""

    description: str
    names: tuple[str, ...]
    """Names under which the same images may be known here."""
    least_images: int
    """A set with fewer images is only a part of them."""
    images: int


@dataclass(frozen=True)
class PublishedFigure:
    """One figure of a published table, in percent."""

    protocol: str
    """In a plan the name of one of its protocols, here that of the records: ``svhn-1000``."""
    model: str
    """What was measured, as the table names it."""
    measure: Literal["accuracy", "error"]
    value: float = field(metadata={"min": 0, "max": 100})
    mark: Mark
    """Of the value's origin; empty for none."""
    spread: float | None = field(default=None, metadata={"min": 0, "max": 100})
    spread_mark: Mark = ""
    largest_layer: int | None = None
    """Units of the largest layer."""
    layer_mark: Mark = ""
    layers: int | None = None
    """Number of layers that the features come from, by the authors' code; None where it is not known."""
    unit: str = "units in the largest layer"
    """Of ``largest_layer``, in the notes."""
    images_seen: int | None = None
    """By the encoder's training."""
    seen_mark: Mark = ""
    draws: int | None = None
    encoder: PublishedEncoder | None = None
    """In a plan its name; None where nothing was trained on other images, or the tables do not tell."""
    trained: str = "an encoder"
    """What was trained without labels."""
    features: str = ""
    """Measured features that it stands beside; empty for a row of its own only."""
    classifier: str = ""
    """How the names of the classifiers begin that it stands beside; empty for an L2-SVM's, beside all with a note."""
    scale: Scale | None = None
    """Of the features; None where that is not told."""
    note: str = ""
    """Footnote of the figure."""
    incomparable: str = ""
    """Why no measured row that it stands beside is comparable; empty where that depends on the training images."""

    @property
    def accuracy(self) -> float:
        """In percent."""
        return self.value if self.measure == "accuracy" else 100.0 - self.value

    @property
    def text(self) -> str:
        """The figure with as many decimals as were published, and its marks: ``73.8 [2] ± 0.4 [?]``."""
        decimals = 1 if self.measure == "accuracy" else 2
        value = f"{self.value:.{decimals}f}"
        if self.spread is None:
            return marked(value, self.mark)
        spread = f"{self.spread:.{decimals}f}"
        if self.spread_mark == self.mark:
            return marked(f"{value} ± {spread}", self.mark)
        return f"{marked(value, self.mark)} ± {marked(spread, self.spread_mark)}"


def marked(text: str, mark: Mark) -> str:
    """Write a number with its mark of origin."""
    return f"{text} [{mark}]" if mark else text


def read_figures(plan: Mapping[str, Any], features: Collection[str] | None = None) -> tuple[PublishedFigure, ...]:
    """Return the published figures of a table's plan.

    Parameters
    ----------
    plan
        As TOML has it: ``dataset``, a list ``published`` of figures, each with the name of its ``protocol`` in the plan
        and the name of its ``encoder``, one of the tables ``encoders``.
    features
        Names of the features that a figure may stand beside; None for any.

    Raises
    ------
    UserError
        If a figure has an unknown key, a value of a wrong type, or a protocol, an encoder or features that do not
        exist; with the number of the figure.
    """
    check_forms(plan, PARTS)
    encoders = {}
    for name, values in plan.get("encoders", {}).items():
        with located(f"encoders.{name}"):
            encoders[name] = from_mapping(PublishedEncoder, values)
    found, protocols = [], _recorded_protocols(plan)
    for number, values in enumerate(plan.get("published", ()), 1):
        with located(f"published figure {number} (`[[published]]`, model = {values.get('model')})"):
            changed = dict(values)
            if "protocol" in values:
                changed["protocol"] = _named("protocol", values["protocol"], protocols)
            if "encoder" in values:
                changed["encoder"] = _named("encoder", values["encoder"], encoders)
            if "features" in values and features is not None:
                _named("features", values["features"], dict.fromkeys(features))
            found.append(from_mapping(PublishedFigure, changed))
    return tuple(found)


def _named(key: str, name: Any, known: Mapping[str, Any]) -> Any:
    """Return the value of a name that a plan has."""
    if name not in known:
        raise UserError(
            f"unknown {key} {name!r}{did_you_mean(str(name), known)}: expected "
            f"{', '.join(known) or f'a part [{key}s.NAME] of the plan'}"
        )
    return known[name]


def _recorded_protocols(plan: Mapping[str, Any]) -> dict[str, str]:
    """Return, by the names of a plan's protocols, the names that records have: ``svhn-1000``."""
    name = set_name(plan.get("dataset", ""))
    return {
        str(each.get("name")): f"{name}{'-validation' * bool(each.get('validate'))}-{each.get('labels', 'all')}"
        for each in plan.get("protocols", ({"name": "all"},))
    }


@cache
def _shipped() -> tuple[PublishedFigure, ...]:
    """Return the figures of the plans that come with the package."""
    return tuple(figure for path in sorted(TABLES.glob("*.toml")) for figure in read_figures(read_toml(path)))


def figures_shown(results: Path | None = None) -> tuple[PublishedFigure, ...]:
    """Return the figures that tables show: those of the package's plans, then those of plans kept in a results folder.

    Raises
    ------
    UserError
        If a kept plan cannot be read.
    """
    found = list(_shipped())
    for path in () if results is None else sorted(kept_plans(results).glob("*.toml")):
        plan = read_toml(path)
        with located(f"{path}, a copy that `dcgan-probe reproduce` made (rerun it, or delete the copy)"):
            found += read_figures(plan)
    return tuple(dict.fromkeys(found))


def kept_plans(results: Path) -> Path:
    """Return the folder, within a results folder, of copies of users' own plans: tables show their figures."""
    return results / "plans"


def published_figures(protocol: str, figures: Iterable[PublishedFigure] | None = None) -> tuple[PublishedFigure, ...]:
    """Return those figures that are of a protocol, such as ``svhn-1000``; by default of those of the package."""
    shown = _shipped() if figures is None else figures
    return tuple(figure for figure in shown if figure.protocol == protocol)


def beside(
    protocol: str, features: str, classifier: str, figures: Iterable[PublishedFigure] | None = None
) -> PublishedFigure | None:
    """Return the published figure that stands beside measured features: the first that fits, if there is one."""
    for figure in published_figures(protocol, figures):
        if features and figure.features == features and classifier.startswith(figure.classifier):
            return figure
    return None


def same_size(
    published: PublishedFigure, largest_layer: int | None, figures: Iterable[PublishedFigure] | None = None
) -> PublishedFigure | None:
    """Return another published figure of the same features, of just this size, if there is one."""
    for figure in published_figures(published.protocol, figures):
        same = bool(figure.features) and figure.features == published.features
        if same and figure is not published and figure.largest_layer == largest_layer:
            return figure
    return None
