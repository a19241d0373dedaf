"""Custom encoders: refused attributes, and additions to keys and records."""

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

import dcgan_probe as dp
from dcgan_probe.features import sources as registry


@dataclass(frozen=True)
class Options:
    bins: int = field(default=4, metadata={"help": "Bins.", "min": 1})
    weights: str = "none"


class Encoder:
    batch = 16

    def __init__(self, options, context=None):
        self.columns = 3 * options.bins
        self.origin = dp.EncoderOrigin("mine")
        self.layers = {"first": (0, self.columns)}
        self.settings = {}

    def check(self, images):
        pass

    def encode(self, images):
        return np.full((len(images), self.columns), images.mean(), np.float32)


def with_parts(**parts):
    def make(options, context):
        encoder = Encoder(options)
        for name, value in parts.items():
            setattr(encoder, name, value)
        return encoder

    return make


def without(name):
    parts = {each: getattr(Encoder(Options()), each) for each in ("origin", "layers", "settings", "batch", "check")}
    parts["encode"] = Encoder(Options()).encode
    return lambda options, context: type("Bare", (), {each: parts[each] for each in parts if each != name})()


def failing(*arguments):
    raise ZeroDivisionError("boom")


@pytest.fixture(autouse=True)
def restored(monkeypatch):
    registry.load_sources()
    monkeypatch.setattr(registry, "_SOURCES", dict(registry._SOURCES))


@pytest.fixture
def extract(tmp_path):
    """Return a function that extracts 20 images with an encoder."""

    def run(make=Encoder, columns=lambda options, images: 3 * options.bins, seed=0, **options):
        registry._SOURCES.pop("mine", None)
        dp.register_source(dp.FeatureSource("mine", "my features", Options, make=make, columns=columns))
        config = dp.ExtractConfig(features="mine", options=options, dataset="glyphs:20", seed=seed)
        return dp.extract(config, dp.Workspace(runs=tmp_path, device="cpu"))

    return run


@pytest.mark.parametrize("name", ["origin", "layers", "settings", "batch", "check", "encode"])
def test_a_missing_part_is_named(extract, name):
    with pytest.raises(dp.UserError, match=f"mine features: the encoder, a Bare, has no `encoder.{name}`, expected"):
        extract(without(name))


@pytest.mark.parametrize(
    ("part", "value", "words"),
    [
        ("origin", "mine", "got `encoder.origin` 'mine', expected an EncoderOrigin"),
        ("origin", dp.EncoderOrigin("other"), "expected an EncoderOrigin: features='mine', the name of the source"),
        ("origin", dp.EncoderOrigin("mine", recipe={"a": {1}}), r"got `encoder.origin.recipe\['a'\]` [{]1[}]"),
        ("origin", dp.EncoderOrigin("mine", recipe={"maps": 3}), "got maps in `encoder.origin.recipe`, reserved"),
        ("layers", {}, "got `encoder.layers` {}"),
        ("layers", [("first", 0, 12)], "got `encoder.layers`"),
        ("layers", {"first": 12}, "first has 12 instead of two whole numbers"),
        ("layers", {"first": (0, 12.0)}, r"first has \(0, 12.0\) instead"),
        ("layers", {"a+b": (0, 12)}, r"the name 'a\+b' must be a string without"),
        ("layers", {"a": (0, 5), "b": (6, 12)}, "b has columns 6 to 12, but must start at 5"),
        ("layers", {"a": (0, 7), "b": (6, 12)}, "b has columns 6 to 12, but must start at 7"),
        ("layers", {"a": (1, 12)}, "a has columns 1 to 12, but must start at 0"),
        ("layers", {"a": (0, 0), "b": (0, 12)}, "a has columns 0 to 0, but must start at 0 and stop after it"),
        ("layers", {"first": (0, 11)}, "columns returned 12 for glyphs, but the layers of the encoder have 11"),
        ("settings", None, "got `encoder.settings` None, expected a JSON-serializable dictionary"),
        ("settings", {"a": np.int64(3)}, r"got `encoder.settings\['a'\]` np.int64\(3\) \(int64\), expected a JSON"),
        ("settings", {"a": [0.0, float("nan")]}, r"got `encoder.settings\['a'\]\[1\]` nan"),
        ("settings", {1: 2}, "got the key 1 in `encoder.settings`, expected a string"),
        ("settings", {"images": "a"}, "got images in `encoder.settings`, reserved by the cache or the records"),
        ("settings", {"layers": ["other"]}, r"its layers must be \['first'\]"),
        ("settings", {"grid": 5}, "got grid 5, for grid . grid columns per map, but layer first has"),
        ("batch", 0, "got `encoder.batch` 0, expected a number of images"),
        ("batch", "16", "got `encoder.batch` '16'"),
        ("check", 3, "got `encoder.check` 3, expected a method"),
        (
            "encode",
            lambda images: np.zeros((len(images), 11), np.float32),
            r"encode returned float32 \(16, 11\)",
        ),
        (
            "encode",
            lambda images: np.zeros((3, 12), np.float32),
            r"encode returned float32 \(3, 12\), .*\(16, 12",
        ),
        ("encode", lambda images: np.zeros((len(images), 12)), r"encode returned float64 \(16, 12\), expected float32"),
        ("encode", lambda images: torch.zeros(len(images), 12), "returned torch.Tensor.*cpu..[.]numpy"),
        ("encode", lambda images: None, "encode returned builtins.NoneType, expected a numpy array"),
    ],
)
def test_a_wrong_part_is_named(extract, part, value, words):
    with pytest.raises(dp.UserError, match="^mine features: .*" + words):
        extract(with_parts(**{part: value}))


def test_a_feature_that_is_not_finite_is_named_with_its_image(extract):
    def encode(images):
        features = np.zeros((len(images), 12), np.float32)
        features[-1, 7] = np.inf if len(images) < 16 else 0.0
        return features

    with pytest.raises(dp.UserError, match="mine features: encode returned inf at image 19, layer first, column 7"):
        extract(with_parts(encode=encode))


@pytest.mark.parametrize(
    ("counted", "words"),
    [
        (13, "columns returned 13 for"),
        (0, "columns returned 0, expected"),
        ("12", "columns returned '12'"),
    ],
)
def test_columns_are_those_of_the_encoder(extract, counted, words):
    with pytest.raises(dp.UserError, match=f"mine features: {words}"):
        extract(columns=lambda options, images: counted)


@pytest.mark.parametrize(
    ("part", "arguments"),
    [
        ("make", {"make": failing}),
        ("columns", {"columns": failing}),
        ("check", {"make": with_parts(check=failing)}),
        ("encode", {"make": with_parts(encode=failing)}),
    ],
)
def test_an_exception_keeps_its_traceback_and_names_the_source(extract, part, arguments):
    with pytest.raises(ZeroDivisionError, match="boom") as caught:
        extract(**arguments)
    assert caught.value.__notes__ == [f"raised by {part} of mine features"]
    assert caught.traceback[-1].name == "failing"


def test_no_encoder_is_refused(extract):
    with pytest.raises(dp.UserError, match="mine features: make returned None, expected an encoder"):
        extract(lambda options, context: None)


def test_options_missing_from_the_settings_enter_the_key(extract):
    def tinted(options, context):
        encoder = Encoder(options)
        encoder.encode = lambda images: np.full((len(images), 12), len(options.weights), np.float32)
        return encoder

    first, second = extract(tinted, weights="a"), extract(tinted, weights="abc")
    assert not second[1]
    assert (first[0].load()[0, 0], second[0].load()[0, 0]) == (1.0, 3.0)
    assert extract(tinted, weights="a")[1]
    assert first[0].origin.recipe["weights"] == "a"  # records omit a setting of this name


def test_the_seed_and_the_training_images_enter_the_key(extract):
    def seeded(options, context):
        encoder = Encoder(options)
        encoder.origin = dp.EncoderOrigin("mine", seed=context.seed)
        return encoder

    def taught(options, context):
        context.training()
        return Encoder(options)

    plain, first, second = extract(), extract(seeded, seed=1), extract(taught)
    assert [present for _, present in (plain, first, second)] == [False] * 3
    assert second[0].file.settings["learned_from"] == [dp.load_images("glyphs:20", "train").fingerprint]


def test_settings_with_tuples_are_found_again(extract):
    make = with_parts(settings={"size": (2, 3)})
    assert [extract(make)[1], extract(make)[1]] == [False, True]


def test_settings_with_all_options_and_layers_keep_their_key(extract):
    given = {"bins": 4, "weights": "none", "layers": ["first"]}
    assert extract()[0].key == extract(with_parts(settings=given))[0].key


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((3,), "EncoderOrigin: got features 3, expected str"),
        (("mine", None), "EncoderOrigin: got network None, expected str"),
        (("mine", "", "", 1.5), "EncoderOrigin: got trained_on_images 1.5, expected int"),
        (("mine", "", "", -1), "EncoderOrigin: got trained_on_images -1, expected at least 0"),
        (("mine", "", "", 0, 0, "", 0, "", None), "EncoderOrigin: got recipe None, expected dict"),
    ],
)
def test_an_origin_is_checked(arguments, words):
    with pytest.raises(dp.UserError, match=words):
        dp.EncoderOrigin(*arguments)


def test_encoders_of_no_source_are_checked_by_the_cache(tmp_path, tiny_images):
    encoder = with_parts(layers={"first": (0, 11)})(Options(), None)
    with pytest.raises(dp.UserError, match="mine features: encode returned float32"):
        dp.cached_features(encoder, tiny_images(), tmp_path)
