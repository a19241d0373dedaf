"""Published figures from the plans of tables, each with the mark of its origin.

Marks of origin: ``P`` the paper (Radford et al., arXiv 1511.06434), ``2`` quoted by a later paper, ``A`` the authors'
released code, ``C`` Coates, Lee and Ng, "An analysis of single-layer networks in unsupervised feature learning", 2011,
and ``?`` unverified: quoted from memory, without a source.
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
"""Parts of a plan that describe its published figures, each with the form of its value."""

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
    """Names that sets of the same images may have here."""
    least_images: int
    """Least number of images; a smaller set counts as a part of them."""
    images: int


@dataclass(frozen=True)
class PublishedFigure:
    """Figure of a published table, in percent."""

    protocol: str
    """Name of the protocol in the records, such as ``svhn-1000``; in a plan, the name of one of its protocols."""
    model: str
    """Name of the model in the published table."""
    measure: Literal["accuracy", "error"]
    value: float = field(metadata={"min": 0, "max": 100})
    mark: Mark
    """Mark of the value's origin; empty for none."""
    spread: float | None = field(default=None, metadata={"min": 0, "max": 100})
    spread_mark: Mark = ""
    largest_layer: int | None = None
    """Units of the largest layer."""
    layer_mark: Mark = ""
    layers: int | None = None
    """Number of layers that the features come from, by the authors' code; None if unknown."""
    unit: str = "units in the largest layer"
    """Unit of ``largest_layer`` in the notes."""
    images_seen: int | None = None
    """Images that the encoder saw in its training."""
    seen_mark: Mark = ""
    draws: int | None = None
    encoder: PublishedEncoder | None = None
    """Training images of the encoder, in a plan their name; None if no other images were used, or if unknown."""
    trained: str = "an encoder"
    """Model that was trained without labels, as a noun with its article."""
    features: str = ""
    """Measured features that the figure is shown beside; empty for a figure with a row of its own only."""
    classifier: str = ""
    """Prefix of the names of the classifiers that the figure is shown beside; empty for an L2-SVM's figure, which is
    shown beside all classifiers, with a note."""
    scale: Scale | None = None
    """Scaling of the features; None if unknown."""
    note: str = ""
    """Footnote of the figure."""
    incomparable: str = ""
    """Reason why no measured row is comparable; empty if that depends on the training images."""

    @property
    def accuracy(self) -> float:
        """Accuracy in percent, also of a figure that is an error."""
        return self.value if self.measure == "accuracy" else 100.0 - self.value

    @property
    def text(self) -> str:
        """The figure with one decimal for an accuracy and two for an error, and its marks: ``73.8 [2] ± 0.4 [?]``."""
        decimals = 1 if self.measure == "accuracy" else 2
        value = f"{self.value:.{decimals}f}"
        if self.spread is None:
            return marked(value, self.mark)
        spread = f"{self.spread:.{decimals}f}"
        if self.spread_mark == self.mark:
            return marked(f"{value} ± {spread}", self.mark)
        return f"{marked(value, self.mark)} ± {marked(spread, self.spread_mark)}"


def marked(text: str, mark: Mark) -> str:
    """Format a number with its mark of origin."""
    return f"{text} [{mark}]" if mark else text


def read_figures(plan: Mapping[str, Any], features: Collection[str] | None = None) -> tuple[PublishedFigure, ...]:
    """Return the published figures of a table's plan.

    Parameters
    ----------
    plan
        Content of the TOML file: ``dataset``, the tables ``encoders``, and a list ``published`` of figures, each with
        the name of its ``protocol`` in the plan and the name of its ``encoder``.
    features
        Names of the features that a figure may be shown beside; None for any.

    Raises
    ------
    UserError
        If a figure has an unknown key, a value of a wrong type, or a protocol, an encoder or features that do not
        exist; the message gives the number of the figure.
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
    """Return the value of a name in a plan; raise ``UserError`` for an unknown name."""
    if name not in known:
        raise UserError(
            f"unknown {key} {name!r}{did_you_mean(str(name), known)}: expected "
            f"{', '.join(known) or f'a part [{key}s.NAME] of the plan'}"
        )
    return known[name]


def _recorded_protocols(plan: Mapping[str, Any]) -> dict[str, str]:
    """Map the names of a plan's protocols to their names in the records, such as ``svhn-1000``."""
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
    """Return the figures of the package's plans, then those of the plans kept in a results folder.

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
    """Return the folder for copies of users' plans in a results folder; tables show their figures."""
    return results / "plans"


def published_figures(protocol: str, figures: Iterable[PublishedFigure] | None = None) -> tuple[PublishedFigure, ...]:
    """Return the figures of a protocol such as ``svhn-1000``, by default from the plans of the package."""
    shown = _shipped() if figures is None else figures
    return tuple(figure for figure in shown if figure.protocol == protocol)


def reference_figure(
    protocol: str, features: str, classifier: str, figures: Iterable[PublishedFigure] | None = None
) -> PublishedFigure | None:
    """Return the published figure to show beside measured features: the first match, or None."""
    for figure in published_figures(protocol, figures):
        if features and figure.features == features and classifier.startswith(figure.classifier):
            return figure
    return None


def same_size(
    published: PublishedFigure, largest_layer: int | None, figures: Iterable[PublishedFigure] | None = None
) -> PublishedFigure | None:
    """Return another published figure of the same features and of exactly this size, or None."""
    for figure in published_figures(published.protocol, figures):
        same = bool(figure.features) and figure.features == published.features
        if same and figure is not published and figure.largest_layer == largest_layer:
            return figure
    return None
