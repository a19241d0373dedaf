"""Search for the rows of a table in the records."""

import functools
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dcgan_probe.evaluation import EvalConfig, PlannedEvaluation, Results, Summary, protocol_for
from dcgan_probe.evaluation.statistics.uncertainty import ImageUncertainty
from dcgan_probe.features import source_named
from dcgan_probe.gan import preset_config
from dcgan_probe.images import ImageSet
from dcgan_probe.reproduce import read_plan
from dcgan_probe.reproduce.recorded_rows import RunFacts, find_summary, recorded_fields, why_not_found
from dcgan_probe.runtime import Workspace

CONFIG = preset_config("cpu32", dataset="tiny_imagenet32", images=2_000_000)
RUN = RunFacts("cpu32", CONFIG.network, "tiny_imagenet32", 2_000_000, 0)


def image_set(split, count):
    images = np.random.default_rng(count).integers(0, 256, (count, 3, 32, 32)).astype(np.uint8)
    return ImageSet(images, np.arange(count) % 10, "svhn", split, "made here")


TRAIN, TEST = image_set("train", 60), image_set("test", 30)


def planned(features="kmeans", **changes):
    """Plan an evaluation of ten draws of 20 labels."""
    options = {name: changes.pop(name) for name in list(changes) if name not in EvalConfig.__dataclass_fields__}
    config = EvalConfig(features=features, options=source_named(features).options(**options), labels=20, **changes)
    return PlannedEvaluation(
        config, Workspace(), protocol_for("svhn", 60, 10, 20, 10, 2), TRAIN, TEST, None, CONFIG.network
    )


def summary(evaluation, run=None, **changes) -> Summary:
    """Return the summary of a recorded evaluation."""
    fields = recorded_fields(evaluation, run)
    own = {name: value for name, value in fields.items() if name in Summary.__dataclass_fields__}
    options = {
        name: value[0] if isinstance(value, tuple) else value for name, value in fields.items() if name not in own
    }
    options |= own.pop("options", {})
    values = dict.fromkeys(Summary.__dataclass_fields__)
    values |= {"draws": 10, "images_seen": 2_000_000, "over_images": ImageUncertainty(0.1, 0.2, 0.3)}
    return Summary(**{**values, **own, "options": options, **changes})


EVALUATIONS = [
    (planned("dcgan"), RUN),
    (planned("dcgan", layers=("conv1",)), RUN),
    (planned("dcgan", layers=("conv2",)), RUN),
    (planned("dcgan", pool="avg"), RUN),
    (planned("dcgan", bn_stats="running"), RUN),
    (planned("dcgan", maps=0.5), RUN),
    (planned("dcgan", classifier="knn-cosine"), RUN),
    (planned("dcgan", C=0.01), RUN),
    (planned("random"), RUN),
    (planned("random", network_seed=1), RUN),
    (planned("pixels"), None),
    (planned("whitened"), None),
    (planned("pca"), None),
    (planned("pca", components=20), None),
    (planned("kmeans"), None),
    (planned("kmeans", centroids=9), None),
    (planned("kmeans", whiten=False), None),
    (planned("kmeans", patches=50_000), None),
    (planned("kmeans", dtype="float16"), None),
    (planned("kmeans", scale="none"), None),
    (planned("kmeans", learn_from="cifar10"), None),
    (planned("kmeans", seed=1), None),
    (planned("kmeans3"), None),
    (planned("kmeans3", field_maps=50), None),
    (planned("kmeans3", layers=("kmeans3",)), None),
]


def test_every_config_finds_its_own_summary_only():
    summaries = [summary(*each) for each in EVALUATIONS]
    for (evaluation, run), own in zip(EVALUATIONS, summaries, strict=True):
        assert find_summary(evaluation, run, summaries) is own, evaluation.config
        assert find_summary(evaluation, run, [each for each in summaries if each is not own]) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"draws": 9},
        {"images_fingerprint_train": "other"},
        {"images_fingerprint_test": "other"},
        {"over_images": None},
        {"seed": 1},
        {"given": True},
        {"scale": "standardise"},
        {"trained_on": "cifar10"},
        {"protocol": "svhn-50"},
    ],
)
def test_other_experiments_are_not_taken_for_a_row(changes):
    evaluation = planned("kmeans")
    assert find_summary(evaluation, None, [summary(evaluation)]) is not None
    assert find_summary(evaluation, None, [summary(evaluation, **changes)]) is None


def test_a_shorter_training_is_not_taken_for_the_dcgan():
    evaluation = planned("dcgan")
    assert find_summary(evaluation, RUN, [summary(evaluation, RUN, images_seen=2_000_001)]) is not None
    assert find_summary(evaluation, RUN, [summary(evaluation, RUN, images_seen=1_999_999)]) is None


def test_both_orders_of_the_authors_rule_count():
    evaluation = planned("dcgan")
    for rule in ("real", "real-permuted"):
        found = summary(evaluation, RUN)
        assert find_summary(evaluation, RUN, [summary(evaluation, RUN, options={**found.options, "batch_norm": rule})])
    other = summary(evaluation, RUN, options={**summary(evaluation, RUN).options, "batch_norm": "running"})
    assert find_summary(evaluation, RUN, [other]) is None


def test_a_source_without_a_rule_of_its_own_is_known_by_its_options(monkeypatch):
    from dataclasses import dataclass, field

    import dcgan_probe.features.sources as module
    from dcgan_probe.features import FeatureSource, register_source

    @dataclass(frozen=True)
    class Options:
        bins: int = field(default=8, metadata={"help": "Bins."})

    module.load_sources()
    monkeypatch.setattr(module, "_SOURCES", dict(module._SOURCES))
    register_source(FeatureSource("bins", "bins", Options, make=print, columns=lambda options, images: 24))
    first, second = planned("bins"), planned("bins", bins=4)
    assert find_summary(first, None, [summary(first)]) is not None
    assert find_summary(first, None, [summary(second)]) is None


@pytest.mark.slow
@pytest.mark.parametrize(("table", "rows"), [("cifar10", (50_000, 10_000)), ("svhn-1000", (73_257, 26_032))])
def test_the_committed_records_have_the_rows_of_the_package_s_plans(table, rows):
    summaries_of = functools.cache(Results(Path(__file__).parents[2] / "results").summaries)
    for row in read_plan(table).rows:
        if row.run or not isinstance(row.config, EvalConfig):
            continue
        labels = row.config.labels
        protocol = protocol_for(row.config.dataset, rows[0], 10, labels)
        recorded = summaries_of(protocol.name)
        train, test = (
            SimpleNamespace(fingerprint=print_, name=row.config.dataset, channels=3, height=32, width=32)
            for print_ in (recorded[0].images_fingerprint_train, recorded[0].images_fingerprint_test)
        )
        evaluation = PlannedEvaluation(row.config, Workspace(), protocol, train, test, None)
        assert find_summary(evaluation, None, recorded) is not None, row.config


def test_what_is_recorded_instead_of_a_row_is_told():
    row = planned("kmeans", centroids=9)
    assert why_not_found(row, None, summary(row)) == []
    assert why_not_found(row, None, summary(planned("kmeans", centroids=8))) == [
        "dimension is 32, expected 36",
        "network is '8', expected '9'",
    ]
    assert why_not_found(row, None, summary(row, draws=3)) == ["draws are 3, expected at least 10"]
    assert why_not_found(row, None, summary(row, over_images=None)) == ["its test predictions are missing"]
    trained = planned("dcgan")
    assert why_not_found(trained, RUN, summary(trained, RUN, images_seen=64)) == [
        "images_seen is 64, expected at least 2,000,000"
    ]
