"""Recorder that builds the records of one evaluation from its fits."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import torch

from ..features import FeatureSet, source_label
from ..images.split_caveats import balanced_accuracy, split_caveats
from ..runtime import describe_device, versions
from .classifiers import Fit, grid_of
from .draws import Layout
from .loading import largest_layer, required_labels, source_options
from .penalty_grid import NEIGHBOR_NUMBERS, Grid, at_limit
from .records import ALL_LABELS, NOTE_SEPARATOR, SCHEMA_VERSION, Evaluation, Options, ProbeRecord
from .settings import ProbeClassifier

RECORDED_CLASSIFIERS = {"svm": "l2-svm"}
"""Names of classifiers in the records that differ from those of the options."""
GIVEN_NOTE = "{name} was given by the user, not chosen on validation rows"
LIMIT_NOTE = "{name} = {chosen:g} is the limit of the grid's extension, so the best value may lie beyond it"


@dataclass(frozen=True)
class Recorder:
    """Builder of the records of one evaluation."""

    evaluation: Evaluation
    grid: Grid
    images_seen: int
    """Images that the encoder saw in its training."""

    @classmethod
    def of(
        cls,
        train: FeatureSet,
        test: FeatureSet,
        layout: Layout,
        *,
        command: str,
        scale: str,
        classifier: ProbeClassifier,
        C: float | None,
    ) -> "Recorder":
        """Describe an evaluation that starts now; ``C`` is a given value of C or k, or None to choose it."""
        origin, grid = train.origin, grid_of(classifier)
        name = "k" if grid is NEIGHBOR_NUMBERS else "C"
        shared = shared_fields(layout, command=command, device=torch.device("cpu"))
        if C is not None:
            given_note = GIVEN_NOTE.format(name=name)
            shared |= {"select_draws": 0, "notes": NOTE_SEPARATOR.join((*layout.protocol.notes, given_note))}
        evaluation = Evaluation(
            **shared,
            features=origin.features,
            label=source_label(origin.features, origin.network),
            network=origin.network,
            layers="+".join(train.layers),
            dimension=train.dimension,
            largest_layer=largest_layer(train),
            options=source_options(train),
            scale=scale,
            classifier=RECORDED_CLASSIFIERS.get(classifier, classifier),
            chosen_name=name,
            given=C is not None,
            test_rows=len(test),
            trained_on=origin.trained_on,
            trained_on_images=origin.trained_on_images,
            encoder_seed=origin.seed,
            run=origin.run,
            weights=origin.weights,
            features_key_train=train.key,
            features_key_test=test.key,
            images_fingerprint_train=train.images_fingerprint,
            images_fingerprint_test=test.images_fingerprint,
            **vars(split_caveats(layout.labels, required_labels(test), train.images, test.images)),
        )
        return cls(evaluation, grid, origin.images_seen)

    def records(
        self,
        stage: Literal["select", "report"],
        draw: int,
        fits: Sequence[Fit],
        values: Sequence[float],
        predictions: np.ndarray,
        labels: np.ndarray,
        *,
        rows_trained: int,
        seconds: float,
        options: Options | None = None,
        notes: Sequence[str] = (),
    ) -> list[ProbeRecord]:
        """Build the records of one stacked call, one per fit.

        Parameters
        ----------
        values
            C, k or setting of each fit.
        predictions, labels
            Predicted labels int64 (fits, n) of the scored rows, and their true labels int64 (n,).
        rows_trained
            Number of training rows.
        seconds
            Time of the whole call.
        options, notes
            Settings of these fits only, and remarks on them.
        """
        return [
            ProbeRecord(
                evaluation=self.evaluation,
                date=_now(),
                stage=stage,
                draw=draw,
                chosen=float(value),
                split="validation" if stage == "select" else "test",
                rows_trained=rows_trained,
                rows_scored=len(labels),
                images_seen=self.images_seen,
                accuracy=float((predicted == labels).mean()),
                objective=float(fit.objective),
                gradient_norm=float(fit.gradient_norm),
                gap=float(fit.gap),
                converged=bool(fit.converged),
                status=str(fit.status),
                iterations=int(fit.iterations),
                seconds=seconds / len(fits),
                options=options or {},
                notes=NOTE_SEPARATOR.join((*notes, *self._limit_notes(value, stage))),
                balanced_accuracy=float(balanced_accuracy(predicted, labels)),
            )
            for fit, value, predicted in zip(fits, values, predictions, strict=True)
        ]

    def _limit_notes(self, value: float, stage: str) -> tuple[str, ...]:
        if stage == "select" or self.evaluation.given or not at_limit(value, self.grid):
            return ()
        return (LIMIT_NOTE.format(name=self.evaluation.chosen_name, chosen=value),)


def shared_fields(layout: Layout, *, command: str, device: torch.device) -> dict[str, Any]:
    """Return the fields of an evaluation that starts now, without those of its features and classifier.

    Parameters
    ----------
    device
        Device of the fits. Solvers always run on the CPU, independent of the device of the encoder.
    """
    protocol = layout.protocol
    return {
        "schema_version": SCHEMA_VERSION,
        "id": f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}",
        "command": command,
        "date": _now(),
        "protocol": protocol.name,
        "dataset": protocol.dataset,
        "labels": ALL_LABELS if protocol.labels is None else str(protocol.labels),
        "train_rows": protocol.train_rows,
        "select_draws": protocol.select_draws,
        "draws": protocol.draws,
        "overlap": layout.overlap,
        "spread_definition": protocol.spread,
        "seed": layout.seed,
        "device": describe_device(device),
        "threads": torch.get_num_threads(),
        "versions": "; ".join(f"{name} {version}" for name, version in versions().items()),
        "notes": NOTE_SEPARATOR.join(protocol.notes),
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
