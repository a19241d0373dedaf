"""Configs of the investigations of latent space and of learned features."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..runtime import REQUIRED, UserError, option
from .investigation_config import InvestigationConfig
from .settings import Interpolation, Rule

if TYPE_CHECKING:
    from .concepts import Concept

FIRST_FEATURES = 6
"""Number of features that the paper shows."""
OTHER_ROWS = ("result", "of single samples", "of pixels", "random samples")
"""Rows of the table of scores in arithmetic, besides those of the concepts."""
FARTHEST = 100
"""Largest reach in axes from z, far beyond the training of any generator."""
CONCEPT_FORMS = "NAME=3,17,42 (numbers of samples), or NAME=age<30 (chosen by probes)"


@dataclass(frozen=True)
class WalkConfig(InvestigationConfig):
    """Closed path through random latent points."""

    verb: ClassVar[str] = "walk"

    points: int = option(9, "Random z to pass through.", min=2)
    steps: int = option(10, "Images from one z to the next.", min=2)
    interpolation: Interpolation = option("linear", "linear is the paper's; spherical suits a Gaussian z.")

    @property
    def settings(self) -> tuple[str, ...]:
        """Interpolation, points and steps."""
        return self.interpolation, f"{self.points}x{self.steps}"


@dataclass(frozen=True, kw_only=True)
class ConceptsConfig(InvestigationConfig):
    """Selection and scoring of concepts, shared by arithmetic and turn."""

    concept_fields: ClassVar[tuple[str, ...]] = ()
    """Fields that hold concepts, each a text or several."""

    per_concept: int = option(3, "Samples that probes pick for a concept.", min=1)
    attributes: tuple[str, ...] = option(
        (),
        "Attribute to score as well, such as female, label=3, age>=60; repeatable.",
        flag="--attribute",
        metavar="TEXT",
        usual="the attributes of the concepts",
    )
    dataset: str | None = option(
        None, "Labeled set whose training split trains the probes.", usual="the run's own images"
    )
    pool: int = option(2000, "Samples from which probes pick those of a concept.", min=1, kind="count")

    @property
    def parsed(self) -> tuple["Concept", ...]:
        """The concepts, in their order."""
        from .concepts import Concept  # late, since it imports numpy

        found: list[Concept] = []
        for name in self.concept_fields:
            value = getattr(self, name)
            found += [Concept.parse(text, name) for text in ([value] if isinstance(value, str) else value)]
        return tuple(found)

    @property
    def settings(self) -> tuple[str, ...]:
        """Names of the concepts."""
        return tuple(concept.name for concept in self.parsed)

    def check(self) -> None:
        """Check that all concepts and attributes can be read, and that concepts have different names."""
        from .attributes import Attribute  # late, since it imports numpy

        for text in self.attributes:
            Attribute.parse(text, "attributes")
        names = self.settings
        if len(set(names)) < len(names):
            raise UserError(
                f"got the concepts {', '.join(names)}, expected distinct names",
                parameter=self.parsed[-1].parameter,
            )


@dataclass(frozen=True)
class ArithmeticConfig(ConceptsConfig):
    """A - B + C of three concepts."""

    verb: ClassVar[str] = "arithmetic"
    concept_fields: ClassVar[tuple[str, ...]] = ("concepts",)

    concepts: tuple[str, ...] = option(
        (),
        "A, B and C, in this order: NAME=3,17,42 are numbers of samples, as `sample --number` shows them; "
        "NAME=female,age>=50 are the samples that probes of these attributes choose.",
        flag="--concept",
        metavar="NAME=...",
    )

    def check(self) -> None:
        """Check that there are three concepts, and that no concept has the name of another row of the table."""
        if len(self.concepts) != 3:
            raise UserError(
                f"got {len(self.concepts)} concepts, expected three: A, B and C of A - B + C", parameter="concepts"
            )
        super().check()
        for name in self.settings:
            if name in OTHER_ROWS:
                raise UserError(
                    f"got a concept with the name {name!r}, which a row of the table has; choose another",
                    parameter="concepts",
                )


@dataclass(frozen=True, kw_only=True)
class TurnConfig(ConceptsConfig):
    """Axis between two groups of samples, added in steps to random z."""

    verb: ClassVar[str] = "turn"
    concept_fields: ClassVar[tuple[str, ...]] = ("start", "end")

    start: str = option(REQUIRED, f"Where the axis begins: {CONCEPT_FORMS}.", flag="--from", metavar="NAME=...")
    end: str = option(REQUIRED, "Where the axis ends.", flag="--to", metavar="NAME=...")
    per_concept: int = option(4, "Samples that probes pick for a concept.", min=1)
    count: int = option(64, "Random z to turn.", min=1)
    steps: int = option(9, "Images in a strip.", min=2)
    reach: float = option(1.0, "Length of a strip on either side of z, in axes.")
    shown: int = option(8, "Strips in the picture.", min=1)

    def check(self) -> None:
        """Check the reach and both concepts."""
        if not 0 < self.reach <= FARTHEST:
            raise UserError(
                f"got a reach of {self.reach}, expected a number above 0, of at most {FARTHEST}", parameter="reach"
            )
        object.__setattr__(self, "reach", float(self.reach))  # 1 and 1.0 name the same files
        super().check()


@dataclass(frozen=True)
class SaliencyConfig(InvestigationConfig):
    """Images and pixels that excite the features of a layer of the discriminator."""

    verb: ClassVar[str] = "saliency"

    layer: str | None = option(None, "Layer of the discriminator, by name or number.", metavar="NAME", usual="the last")
    features: tuple[int, ...] | None = option(
        None, "Numbers of the layer's maps, from 0.", kind="numbers", usual=f"the first {FIRST_FEATURES}"
    )
    top: int | None = option(
        None, "Instead of numbers: how many features, those whose best images stand out most.", min=1
    )
    dataset: str | None = option(
        None, "Set whose training split is searched.", metavar="NAME", usual="the run's own images"
    )
    scan: int = option(10_000, "Images searched, drawn at random.", min=1, kind="count")
    count: int = option(6, "Images per feature.", min=1)
    rule: Rule = option("guided", "Rule of backpropagation through activations; guided is the paper's.")

    @property
    def settings(self) -> tuple[str, ...]:
        """Layer, features, rule and image set."""
        chosen = f"top{self.top}" if self.top else "+".join(map(str, self.features or ())) or f"first{FIRST_FEATURES}"
        return tuple(part for part in (self.layer or "last", chosen, self.rule, self.dataset) if part is not None)

    def check(self) -> None:
        """Check that the features are chosen in one way, and each feature once."""
        if self.features and self.top:
            raise UserError("got features and top, expected one of them", parameter="top")
        if self.features and len(set(self.features)) < len(self.features):
            raise UserError(f"got features {self.features}, expected each once", parameter="features")


@dataclass(frozen=True)
class ForgetConfig(InvestigationConfig):
    """Dropped maps of the generator, and the samples that show the effect."""

    verb: ClassVar[str] = "forget"

    boxes: Path | None = option(None, "JSON file of boxes on samples.", kind="file")
    boxes_from: str | None = option(
        None,
        "Instead of a file: boxes at the pixels that raise a probe's score, such as age>=60.",
        metavar="ATTRIBUTE",
    )
    map: int | None = option(None, "Instead of boxes: number of a single map to drop.", min=0)
    layer: str | None = option(
        None, "Layer of the generator, by name or number.", metavar="NAME", usual="second highest"
    )
    top: int | None = option(None, "Largest number of maps to drop; the largest weights come first.", min=1)
    attribute: str | None = option(None, "Attribute whose probe scores the samples.", usual="that of --boxes-from")
    dataset: str | None = option(
        None, "Labeled set that trains the probes.", metavar="NAME", usual="the run's own images"
    )
    count: int = option(200, "Other samples, drawn with and without the maps.", min=1, kind="count")
    window: int | None = option(None, "Side of a probe's boxes in pixels.", min=1, usual="3/8 of the image's side")

    @property
    def settings(self) -> tuple[str, ...]:
        """Source of the maps, layer and number of maps."""
        source = self.boxes.stem if self.boxes else self.boxes_from or f"map{self.map}"
        return source, *([self.layer] if self.layer else []), *([f"top{self.top}"] if self.top else [])

    @property
    def scored_attribute(self) -> str | None:
        """Attribute that probes score; None if there is none."""
        return self.boxes_from or self.attribute

    def check(self) -> None:
        """Check that the maps come from one source, and that no setting is without effect."""
        sources = {"boxes": self.boxes, "boxes_from": self.boxes_from, "map": self.map}
        given = [name for name, value in sources.items() if value is not None]
        if len(given) != 1:
            raise UserError(
                f"got {' and '.join(given) or 'none'} of `boxes`, `boxes_from` and `map`, expected one of them",
                parameter="boxes",
            )
        if self.map is not None and self.top is not None:
            raise UserError("got top with map, which drops a single map; omit one of them", parameter="top")
        if self.boxes_from is None and self.window is not None:
            raise UserError("got window without boxes_from, whose boxes have this side", parameter="window")
        if self.scored_attribute is None and self.dataset is not None:
            raise UserError("got dataset without a probe to train; name an attribute to score", parameter="dataset")
        if self.boxes_from is not None and self.attribute is not None:
            raise UserError(
                "got attribute with boxes_from, which is also scored; expected one of them", parameter="attribute"
            )
