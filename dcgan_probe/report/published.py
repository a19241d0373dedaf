"""Published figures, read from the plans of tables, each with the mark of its origin.

Marks of origin: ``P`` the paper (Radford et al., arXiv 1511.06434), ``2`` quoted by a later paper, ``?`` remembered
with no source at hand: unverified, and marked so wherever it is shown; ``A`` the authors' released code; ``C`` Coates,
Lee and Ng, "An analysis of single-layer networks in unsupervised feature learning", 2011.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from ..images import set_name
from ..runtime import UserError, from_mapping
from ..storage import TABLES, read_toml

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
    model: str
    measure: Literal["accuracy", "error"]
    value: float
    mark: Mark
    spread: float | None = None
    spread_mark: Mark = ""
    largest_layer: int | None = None
    """Units of the largest layer."""
    layer_mark: Mark = ""
    layers: int | None = None
    """Number of layers that the features come from, by the authors' code; None where it is not known."""
    unit: str = "units in the largest layer"
    images_seen: int | None = None
    seen_mark: Mark = ""
    draws: int | None = None
    encoder: PublishedEncoder | None = None
    """None where nothing was trained on other images, or the tables do not tell."""
    trained: str = "an encoder"
    """What was trained without labels."""
    features: str = ""
    """Measured features that it stands beside; empty for a row of its own only."""
    classifier: str = ""
    """How the names of the classifiers begin that it stands beside; empty for an L2-SVM's, beside all with a note."""
    scale: str | None = None
    """Of the features; None where that is not told."""
    note: str = ""
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


def read_figures(plan: Mapping[str, Any]) -> tuple[PublishedFigure, ...]:
    """Return the published figures of a table's plan.

    Parameters
    ----------
    plan
        As TOML has it: ``dataset``, a list ``published`` of figures, each with the name of its ``protocol`` in the plan
        and the name of its ``encoder``, one of the tables ``encoders``.

    Raises
    ------
    UserError
        If a figure has an unknown key, a value of a wrong type, or an encoder that the plan does not have.
    """
    encoders = {name: from_mapping(PublishedEncoder, values) for name, values in plan.get("encoders", {}).items()}
    found, protocols = [], _recorded_protocols(plan)
    for values in plan.get("published", ()):
        name = values.get("encoder")
        if name is not None and name not in encoders:
            raise UserError(f"published figure of {values.get('model')}: the plan has no encoder {name!r}")
        encoder = None if name is None else encoders[name]
        asked = str(values.get("protocol", ""))
        if asked not in protocols:
            raise UserError(
                f"published figure of {values.get('model')}: the plan has no protocol {asked!r}, expected one of "
                f"{', '.join(protocols)}"
            )
        found.append(from_mapping(PublishedFigure, {**values, "protocol": protocols[asked], "encoder": encoder}))
    return tuple(found)


def _recorded_protocols(plan: Mapping[str, Any]) -> dict[str, str]:
    """Return, by the names of a plan's protocols, the names that records have: ``svhn-1000``."""
    name = set_name(plan.get("dataset", ""))
    return {
        str(each.get("name")): f"{name}{'-validation' * bool(each.get('validate'))}-{each.get('labels', 'all')}"
        for each in plan.get("protocols", ({"name": "all"},))
    }


def register_figures(figures: Iterable[PublishedFigure]) -> None:
    """Show more published figures in the tables of their protocols; those that are shown already are left out."""
    _REGISTERED.extend(figure for figure in figures if figure not in figures_shown())


_REGISTERED: list[PublishedFigure] = []


@cache
def _shipped() -> tuple[PublishedFigure, ...]:
    """Return the figures of the plans that come with the package."""
    return tuple(figure for path in sorted(TABLES.glob("*.toml")) for figure in read_figures(read_toml(path)))


def figures_shown() -> tuple[PublishedFigure, ...]:
    """Return the figures of the package's plans, then the registered ones."""
    return (*_shipped(), *_REGISTERED)


def published_figures(protocol: str) -> tuple[PublishedFigure, ...]:
    """Give the published figures of a protocol, such as ``svhn-1000``."""
    return tuple(figure for figure in figures_shown() if figure.protocol == protocol)


def beside(protocol: str, features: str, classifier: str) -> PublishedFigure | None:
    """Give the published figure that stands beside measured features: the one of the paper's table, if there is one."""
    for figure in published_figures(protocol):
        if features and figure.features == features and classifier.startswith(figure.classifier):
            return figure
    return None


def same_size(published: PublishedFigure, largest_layer: int | None) -> PublishedFigure | None:
    """Give another published figure of the same features, of just this size, if there is one."""
    for figure in published_figures(published.protocol):
        same = bool(figure.features) and figure.features == published.features
        if same and figure is not published and figure.largest_layer == largest_layer:
            return figure
    return None
