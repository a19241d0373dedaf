"""Sources of features: built-in sources, the registry, and a custom source."""

import dataclasses
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field

import pytest

from dcgan_probe.features import (
    FeatureConfig,
    FeatureSource,
    feature_sources,
    register_source,
    source_named,
    source_options,
    sources as module,
)
from dcgan_probe.runtime import Config, UserError

BUILT_IN = ("dcgan", "random", "pixels", "whitened", "pca", "kmeans", "kmeans3")


@dataclass(frozen=True)
class Options:
    bins: int = field(default=8, metadata={"help": "bins a channel", "min": 1})


def source(name="histogram", **changes):
    plain = {
        "label": "color histogram",
        "options": Options,
        "make": lambda options, context: None,
        "columns": lambda options, images: 3 * options.bins,
    }
    return FeatureSource(name=name, **{**plain, **changes})


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    module.load_sources()
    monkeypatch.setattr(module, "_SOURCES", dict(module._SOURCES))


def test_the_sources_of_the_package_come_first():
    assert tuple(each.name for each in feature_sources())[: len(BUILT_IN)] == BUILT_IN


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_option_has_help_and_a_default(name):
    options = source_named(name).options
    for each in dataclasses.fields(options):
        assert each.metadata["help"].endswith(".")
        assert each.default is not dataclasses.MISSING
    assert issubclass(options, Config)


def test_a_registered_source_is_found():
    register_source(source())
    found = source_named("histogram")
    assert found.count_columns(found.options(4), None) == 12
    assert found.estimated_cost(found.options(), None).encoding == 0.0
    assert FeatureConfig(features="histogram").options == Options(8)
    assert FeatureConfig.from_mapping({"features": "histogram", "options": {"bins": 2}}).options == Options(2)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: source("dcgan"), "the source 'dcgan' exists already"),
        (lambda: source("a b"), "expected letters, digits"),
        (lambda: source(""), "expected letters, digits"),
        (lambda: source(options=dict), "expected a frozen dataclass"),
        (lambda: source(options=dataclass(type("Loose", (), {}))), "expected a frozen dataclass"),
    ],
)
def test_sources_that_cannot_be_registered(made, words):
    with pytest.raises(UserError, match=words):
        register_source(made())


def test_options_of_one_name_have_one_type():
    @dataclass(frozen=True)
    class Other:
        grid: str = "4x4"

    with pytest.raises(UserError, match="histogram has an option grid of text, dcgan one of int"):
        register_source(source(options=Other))


def test_a_source_may_be_replaced_on_request():
    register_source(source())
    register_source(source(label="histogram"), replace=True)
    assert source_named("histogram").label == "histogram"


def test_an_unknown_source_is_refused_with_all_names():
    with pytest.raises(UserError, match="expected one of dcgan, random, pixels"):
        source_named("nope")


def test_options_that_a_source_lacks_are_omitted():
    assert source_options(source_named("pixels"), {"grid": 3}) == source_named("pixels").options()
    assert source_options(source_named("kmeans"), {"grid": 3}).grid == 3


def test_a_source_of_a_run_needs_one(tiny_images):
    with pytest.raises(UserError, match="dcgan features need a run"):
        source_named("dcgan").count_columns(source_named("dcgan").options(), tiny_images)


def test_options_of_another_source_are_refused():
    with pytest.raises(UserError, match="got PixelOptions as options of kmeans features, expected KMeansOptions"):
        source_named("kmeans").make_encoder(source_named("pixels").options(), None)


def test_listing_the_sources_imports_no_torch():
    code = (
        "import sys; from dcgan_probe.features import feature_sources; feature_sources(); print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_an_entry_point_adds_a_source(tmp_path):
    (tmp_path / "their_source.py").write_text(
        textwrap.dedent(
            """
            from dataclasses import dataclass
            from dcgan_probe.features import FeatureSource

            @dataclass(frozen=True)
            class Options:
                pass

            source = FeatureSource("theirs", "their features", Options, make=print, columns=print)
            """
        )
    )
    (tmp_path / "theirs-1.0.dist-info").mkdir()
    (tmp_path / "theirs-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (tmp_path / "theirs-1.0.dist-info" / "entry_points.txt").write_text(
        "[dcgan_probe.sources]\ntheirs = their_source:source\n"
    )
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from dcgan_probe.features import source_named; "
        "print(source_named('theirs').label)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == (
        "their features"
    )


def test_options_may_be_a_mapping_and_are_those_of_the_source():
    assert FeatureConfig(features="kmeans", options={"centroids": 9}).options.centroids == 9
    with pytest.raises(UserError, match="unknown key centriods"):
        FeatureConfig(features="kmeans", options={"centriods": 9})
    with pytest.raises(UserError, match="got PixelOptions as options of kmeans features, expected KMeansOptions"):
        FeatureConfig(features="kmeans", options=source_named("pixels").options())
    register_source(source())
    with pytest.raises(UserError, match="got bins 0"):
        FeatureConfig(features="histogram", options=Options(0))
