from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from dcgan_probe.evaluation import Evaluation, ProbeRecord
from dcgan_probe.evaluation.records import EVALUATION_COLUMNS
from dcgan_probe.features import EncoderOrigin, FeatureSet
from dcgan_probe.storage import FeatureFileWriter, open_feature_file

LAYERS = {"conv1": (0, 4), "conv2": (4, 12)}
ORIGIN = EncoderOrigin("dcgan", "demo", "glyphs", 500, 64_000, "runs/demo", 0)


@dataclass
class Fitted:
    model: Pipeline
    objective: float = 1.0
    gradient_norm: float = 1e-6
    gap: float = 1e-9
    iterations: int = 3
    status: str = "converged"
    converged: bool = True

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.model.predict(X)


class Scaler(StandardScaler):
    """Scaler of scikit-learn with a number added to the variances."""

    def __init__(self, added_variance: float = 0.0):
        super().__init__()
        self.added_variance = added_variance

    def fit(self, X: np.ndarray, y: Any = None) -> "Scaler":
        super().fit(X)
        self.scale_ = np.where(X.min(axis=0) == X.max(axis=0), 1.0, np.sqrt(self.var_ + self.added_variance))
        return self


def liblinear(
    X: np.ndarray,
    labels: np.ndarray,
    Cs: Sequence[float],
    *,
    standardise: bool = False,
    added_variance: float = 0.0,
    gram: Any = None,
) -> list[Fitted]:
    """Fit LIBLINEAR, the oracle, with each C."""
    scale = [Scaler(added_variance)] if standardise else []
    models = [make_pipeline(*scale, LinearSVC(C=C, dual=False, tol=1e-8, max_iter=10_000)) for C in Cs]
    return [Fitted(model.fit(X.astype(np.float64), labels)) for model in models]


@pytest.fixture
def liblinear_path() -> Callable[..., list[Fitted]]:
    return liblinear


def class_features(labels: np.ndarray, seed: int, noise: float = 1.5) -> np.ndarray:
    """Draw features float32 (n, 12) around one center per class, of very different scales, with a constant column."""
    centres = np.random.default_rng(7).normal(size=(10, 12))
    rng = np.random.default_rng(seed)
    features = centres[labels] + noise * rng.normal(size=(len(labels), 12))
    features *= np.logspace(-1, 1, 12)
    features[:, 5] = 3.0
    return features.astype(np.float32)


@pytest.fixture
def write_features(tmp_path: Path) -> Callable[..., FeatureSet]:
    def write(
        labels: np.ndarray | None,
        features: np.ndarray,
        split: str = "train",
        dataset: str = "glyphs",
        origin: EncoderOrigin = ORIGIN,
        **settings: Any,
    ) -> FeatureSet:
        path = tmp_path / f"{dataset}-{split}.h5"
        path.unlink(missing_ok=True)
        made = {
            "encoder": "discriminator",
            "weights": "w",
            "grid": 2,
            "images": split,
            "layers": list(LAYERS),
            **settings,
        }
        with FeatureFileWriter(path, made, rows=len(features), layers=LAYERS, dtype="float32", labels=labels) as writer:
            writer.append(features)
        return FeatureSet(open_feature_file(path), tuple(LAYERS), origin, dataset, split, f"{dataset}-{split}")

    return write


@pytest.fixture
def splits(write_features: Callable[..., FeatureSet]) -> Callable[..., tuple[FeatureSet, FeatureSet]]:
    """Return a function that writes the train and test features of a small set with three classes."""

    def make(
        rows: int = 90, test_rows: int = 45, classes: int = 3, dataset: str = "glyphs", noise: float = 1.5
    ) -> tuple[FeatureSet, FeatureSet]:
        labels = np.random.default_rng(1).permutation(np.arange(rows) % classes)
        test_labels = np.arange(test_rows) % classes
        return (
            write_features(labels, class_features(labels, 2, noise), "train", dataset),
            write_features(test_labels, class_features(test_labels, 3, noise), "test", dataset),
        )

    return make


EVALUATION = Evaluation(
    schema_version=3,
    id="20260101T000000-aa",
    command="dcgan-probe eval-svm",
    date="2026-01-01T00:00:00+00:00",
    protocol="glyphs-30",
    dataset="glyphs",
    labels="30",
    train_rows=90,
    test_rows=45,
    select_draws=2,
    draws=2,
    overlap=0.25,
    spread_definition="standard deviation over draws",
    features="dcgan",
    network="demo",
    layers="conv1+conv2",
    dimension=12,
    largest_layer=2,
    options={"grid": 2},
    scale="none",
    classifier="l2-svm",
    chosen_name="C",
    given=False,
    seed=0,
    trained_on="glyphs",
    trained_on_images=500,
    encoder_seed=0,
    run="runs/demo",
    weights="0123456789abcdef",
    features_key_train="k1",
    features_key_test="k2",
    images_fingerprint_train="f1",
    images_fingerprint_test="f2",
    device="cpu",
    threads=1,
    versions="torch 2; numpy 2",
    notes="",
)
RECORD = ProbeRecord(
    evaluation=EVALUATION,
    date="2026-01-01T00:00:00+00:00",
    stage="report",
    draw=0,
    chosen=1e-3,
    split="test",
    rows_trained=30,
    rows_scored=45,
    images_seen=64_000,
    accuracy=0.75,
    objective=1.0 / 3.0,
    gradient_norm=1e-7,
    gap=1e-9,
    converged=True,
    status="converged",
    iterations=4,
    seconds=0.1,
    options={},
    notes="",
)


@pytest.fixture
def record() -> Callable[..., ProbeRecord]:
    """Return a function that builds a record; keywords set fields of the record or its evaluation, and its id."""

    def make(**changes: Any) -> ProbeRecord:
        if "evaluation" in changes:
            changes["id"] = changes.pop("evaluation")
        shared = {name: value for name, value in changes.items() if name in EVALUATION_COLUMNS and name != "date"}
        own = {name: value for name, value in changes.items() if name not in shared}
        return replace(RECORD, evaluation=replace(EVALUATION, **shared), **own)

    return make
