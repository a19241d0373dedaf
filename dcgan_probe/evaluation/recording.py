"""Takes what an evaluation is made of, gives the records of its fits; knows no row of the features."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal

import torch

from ..features import FeatureSet
from ..runtime import describe_device, versions
from .choice import NEIGHBOUR_NUMBERS, Grid, at_limit
from .classifiers import Fit, ProbeClassifier, grid_of
from .loading import extraction, largest_layer
from .protocols import Protocol
from .records import ALL_LABELS, NOTE_SEPARATOR, SCHEMA_VERSION, ProbeRecord

RECORDED = {"svm": "l2-svm"}
"""Names of classifiers in the records, where those are not the same."""
GIVEN_NOTE = "{symbol} was given by the user, not chosen on validation rows"
LIMIT_NOTE = "{symbol} = {C:g} is the limit of the grid's extension, so the best value may lie beyond it"


@dataclass(frozen=True)
class Recorder:
    """Makes the records of one evaluation."""

    protocol: Protocol
    common: dict[str, Any]
    """Fields that all records of the evaluation have in common."""
    grid: Grid
    c_given: bool

    @classmethod
    def of(
        cls,
        train: FeatureSet,
        test: FeatureSet,
        protocol: Protocol,
        *,
        command: str,
        scale: str,
        classifier: ProbeClassifier,
        seed: int,
        C: float | None,
    ) -> "Recorder":
        """Name an evaluation that begins now, and gather the common fields; ``C`` is one that was given."""
        origin, name = train.origin, evaluation_name()
        common: dict[str, Any] = {
            **shared_fields(protocol, evaluation=name, command=command, seed=seed, device=torch.device("cpu")),
            "features": origin.features,
            "network": origin.network,
            "layers": "+".join(train.layers),
            "dimension": train.dimension,
            "largest_layer": largest_layer(train),
            "extraction": extraction(train),
            "scale": scale,
            "classifier": RECORDED.get(classifier, classifier),
            "c_given": C is not None,
            "test_rows": len(test),
            "trained_on": origin.trained_on,
            "trained_on_images": origin.trained_on_images,
            "images_seen": origin.images_seen,
            "encoder_seed": origin.seed,
            "run": origin.run,
            "weights": origin.weights,
            "features_key_train": train.key,
            "features_key_test": test.key,
            "images_fingerprint_train": train.images_fingerprint,
            "images_fingerprint_test": test.images_fingerprint,
        }
        return cls(protocol, common, grid_of(classifier), C is not None)

    @property
    def evaluation(self) -> str:
        """Name of the evaluation, unique for each."""
        return self.common["evaluation"]

    def records(
        self,
        stage: Literal["select", "report"],
        draw: int,
        fits: Sequence[Fit],
        values: Sequence[float],
        accuracies: Sequence[float],
        *,
        rows_trained: int,
        rows_scored: int,
        seconds: float,
    ) -> list[ProbeRecord]:
        """Make the records of one stacked call.

        Parameters
        ----------
        fits, values, accuracies
            One for each C.
        seconds
            Of the whole call.
        """
        selecting = stage == "select"
        return [
            ProbeRecord(
                **self.common,
                date=datetime.now(timezone.utc).isoformat(timespec="seconds"),
                stage=stage,
                draw=draw,
                draws=self.protocol.select_draws if selecting else self.protocol.draws,
                C=float(C),
                split="validation" if selecting else "test",
                rows_trained=rows_trained,
                rows_scored=rows_scored,
                accuracy=float(accuracy),
                error=1.0 - float(accuracy),
                objective=float(fit.objective),
                gradient_norm=float(fit.gradient_norm),
                gap=float(fit.gap),
                converged=bool(fit.converged),
                status=str(fit.status),
                iterations=int(fit.iterations),
                seconds=seconds / len(fits),
                notes=NOTE_SEPARATOR.join(self._notes(C, selecting)),
            )
            for fit, C, accuracy in zip(fits, values, accuracies, strict=True)
        ]

    def _notes(self, C: float, selecting: bool) -> tuple[str, ...]:
        symbol = "k" if self.grid is NEIGHBOUR_NUMBERS else "C"
        if self.c_given:
            return (*self.protocol.notes, GIVEN_NOTE.format(symbol=symbol))
        if at_limit(C, self.grid) and not selecting:
            return (*self.protocol.notes, LIMIT_NOTE.format(symbol=symbol, C=C))
        return self.protocol.notes


def evaluation_name() -> str:
    """Make the name of an evaluation that begins now."""
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def shared_fields(
    protocol: Protocol, *, evaluation: str, command: str, seed: int, device: torch.device
) -> dict[str, Any]:
    """Give the fields that do not depend on what is fitted.

    Parameters
    ----------
    device
        Where the fits are computed: of solvers always the CPU, whatever device made the features.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "evaluation": evaluation,
        "command": command,
        "protocol": protocol.name,
        "dataset": protocol.dataset,
        "labels": ALL_LABELS if protocol.labels is None else str(protocol.labels),
        "spread_definition": protocol.spread,
        "train_rows": protocol.train_rows,
        "seed": seed,
        "device": describe_device(device),
        "threads": torch.get_num_threads(),
        "versions": "; ".join(f"{name} {version}" for name, version in versions().items()),
    }
