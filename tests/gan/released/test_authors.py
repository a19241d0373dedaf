"""Synthetic arrays with the released nets' shapes, against the authors' networks in numpy."""

import json

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d

from dcgan_probe.features import real_statistics, run_encoder
from dcgan_probe.gan import Run, load_checkpoint, preset_config, read_authors, save_authors, train
from dcgan_probe.gan.sampling import draw_samples, generate
from dcgan_probe.images import ImageSet
from dcgan_probe.networks import load_discriminator
from dcgan_probe.runtime import UserError

CPU = torch.device("cpu")
NAMES = ("svhn32", "imagenet32")


def normed(kernels, axis):
    """Return the shapes of layers: kernel, gain and bias each; ``axis`` is the kernel's axis of output maps."""
    return [shape for kernel in kernels for shape in (kernel, (kernel[axis],), (kernel[axis],))]


D_SHAPES = {
    "svhn32": [(64, 3, 5, 5), *normed([(128, 64, 5, 5), (256, 128, 5, 5)], 0), (4096, 1)],
    "imagenet32": [
        (128, 3, 3, 3),
        *normed([(128, 128, 3, 3), (256, 128, 3, 3), (256, 256, 3, 3), (512, 256, 3, 3), (512, 512, 3, 3)], 0),
        (8192, 1),
    ],
}
G_SHAPES = {
    "svhn32": [(100, 4096), (4096,), (4096,), *normed([(256, 128, 5, 5), (128, 64, 5, 5)], 1), (64, 3, 5, 5)],
    "imagenet32": [
        *[(256, 8192), (8192,), (8192,)],
        *normed([(512, 512, 3, 3), (512, 256, 3, 3), (256, 256, 3, 3), (256, 128, 3, 3), (128, 128, 3, 3)], 1),
        (128, 3, 3, 3),
    ],
}
D_STRIDES = {"svhn32": (2, 2, 2), "imagenet32": (1, 2, 1, 2, 1, 2)}


def make_up(shapes, seed):
    """Return arrays that keep activations bounded; no kernel is symmetric."""
    random, arrays = np.random.default_rng(seed), []
    for shape in shapes:
        if len(shape) == 1:  # gains and biases in turn
            after_gain = len(arrays[-1].shape) == 1
            arrays.append(random.normal(0 if after_gain else 1, 0.2, shape))
        else:
            inputs = shape[0] if len(shape) == 2 else np.prod(shape[1:])
            arrays.append(random.normal(0, inputs**-0.5, shape))
    return [array.astype(np.float32) for array in arrays]


def write(folder, discriminator, generator=(), prefix="200_"):
    folder.mkdir(parents=True, exist_ok=True)
    for kind, arrays in (("discrim", discriminator), ("gen", generator)):
        (folder / f"{prefix}{kind}_params.jl").write_bytes(b"a pickle that nobody opens")
        for number, array in enumerate(arrays, 1):
            np.save(folder / f"{prefix}{kind}_params.jl_{number:02d}.npy", array)
    return folder


def configs():
    return [preset_config(name, dataset="made-up") for name in NAMES]


def make_images(rows=6, side=32, channels=3):
    pixels = np.random.default_rng(5).integers(0, 256, (rows, channels, side, side), dtype=np.uint8)
    return ImageSet(pixels, None, "made-up", "train", "made by a test")


def import_run(folder, run, images):
    weights = read_authors(folder, configs())
    network = load_discriminator(weights.config.network, weights.discriminator)
    return save_authors(weights, images, real_statistics(network, images, CPU), run, device=CPU, command=["x"])


# The authors' networks in numpy. Convolution as Theano has it: y[i] = sum_u w[u] x[i s + k-1-u - p].


def taps(kernel, stride, side):
    """Return each tap of a kernel with the rows and columns of the padded input that it multiplies."""
    size = kernel.shape[-1]
    for u in range(size):
        for v in range(size):
            rows, columns = (slice(size - 1 - t, size - 1 - t + stride * (side - 1) + 1, stride) for t in (u, v))
            yield kernel[:, :, u, v], rows, columns


def convolve(maps, kernel, stride):
    size, side = kernel.shape[-1], maps.shape[-1] // stride
    padded = np.pad(maps, ((0, 0), (0, 0), (size // 2,) * 2, (size // 2,) * 2))
    return sum(
        np.einsum("nchw,oc->nohw", padded[:, :, rows, columns], tap, optimize=True)
        for tap, rows, columns in taps(kernel, stride, side)
    )


def deconvolve(maps, kernel, stride):
    """Return the gradient of the convolution with respect to its input, for ``maps`` as the output's gradient."""
    size, side = kernel.shape[-1], maps.shape[-1]
    edge = size // 2
    padded = np.zeros((len(maps), kernel.shape[1], stride * side + 2 * edge, stride * side + 2 * edge))
    for tap, rows, columns in taps(kernel, stride, side):
        padded[:, :, rows, columns] += np.einsum("nohw,oc->nchw", maps, tap, optimize=True)
    return padded[:, :, edge:-edge, edge:-edge]


def normalize(maps, gain, bias):
    axes = (0, 2, 3) if maps.ndim == 4 else (0,)
    shape = (1, -1, 1, 1) if maps.ndim == 4 else (1, -1)
    mean, variance = maps.mean(axes, keepdims=True), maps.var(axes, keepdims=True)
    return (maps - mean) / np.sqrt(variance + 1e-8) * gain.reshape(shape) + bias.reshape(shape)


def leaky(maps):
    return np.where(maps > 0, maps, 0.2 * maps)


def numpy_discriminator(signed, arrays, strides):
    first, *rest, output = [array.astype(np.float64) for array in arrays]
    maps = [leaky(convolve(signed, first, strides[0]))]
    for number, stride in enumerate(strides[1:]):
        kernel, gain, bias = rest[3 * number : 3 * number + 3]
        maps.append(leaky(normalize(convolve(maps[-1], kernel, stride), gain, bias)))
    return maps, (maps[-1].reshape(len(signed), -1) @ output)[:, 0]


def numpy_generator(z, arrays, strides):
    product, gain, bias, *rest, last = [array.astype(np.float64) for array in arrays]
    units = np.maximum(normalize(z @ product, gain, bias), 0)
    maps = units.reshape(len(z), -1, 4, 4)
    for number, stride in enumerate(strides[:-1]):
        kernel, gain, bias = rest[3 * number : 3 * number + 3]
        maps = np.maximum(normalize(deconvolve(maps, kernel, stride), gain, bias), 0)
    return np.tanh(deconvolve(maps, last, strides[-1]))


def numpy_features(maps):
    pooled = []
    for each in maps:
        rows, count, side, _ = each.shape
        pooled.append(each.reshape(rows, count, 4, side // 4, 4, side // 4).max((3, 5)).reshape(rows, -1))
    return np.concatenate(pooled, 1)


@pytest.mark.parametrize(("size", "stride"), [(5, 2), (3, 1), (3, 2)])
def test_the_reference_convolves_and_its_gradient_is_the_adjoint(size, stride):
    random = np.random.default_rng(0)
    maps, kernel = random.normal(size=(2, 3, 8, 8)), random.normal(size=(4, 3, size, size))
    result = convolve(maps, kernel, stride)
    padded = np.pad(maps, ((0, 0), (0, 0), (size // 2,) * 2, (size // 2,) * 2))
    for row in range(2):
        for out in range(4):
            expected = sum(convolve2d(padded[row, c], kernel[out, c], mode="valid") for c in range(3))
            np.testing.assert_allclose(result[row, out], expected[::stride, ::stride], atol=1e-12)
    other = random.normal(size=result.shape)
    assert np.vdot(result, other) == pytest.approx(np.vdot(maps, deconvolve(other, kernel, stride)), rel=1e-12)


@pytest.fixture(scope="module", params=NAMES)
def released(request, tmp_path_factory):
    """Return the name of a net, its synthetic arrays and the run made from them."""
    name, folder = request.param, tmp_path_factory.mktemp(request.param)
    discriminator, generator = make_up(D_SHAPES[name], 0), make_up(G_SHAPES[name], 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dcgan_probe.gan.released.imported_run.BATCHES", 1)
        run = import_run(write(folder / "arrays", discriminator, generator), folder / "run", make_images())
    return name, discriminator, generator, run


@pytest.fixture
def svhn(tmp_path, monkeypatch):
    """Return a folder with only the discriminator's arrays of the SVHN net."""
    monkeypatch.setattr("dcgan_probe.gan.released.imported_run.BATCHES", 1)
    return write(tmp_path / "svhn", make_up(D_SHAPES["svhn32"], 0))


@pytest.mark.slow
def test_features_and_logits_match_the_reference(released):
    name, discriminator, _, run = released
    images = make_images()
    signed = images.images / 127.5 - 1.0
    maps, logits = numpy_discriminator(signed, discriminator, D_STRIDES[name])
    encoder = run_encoder(run, training_images=make_images, device=CPU)
    np.testing.assert_allclose(encoder.encode(images.images), numpy_features(maps), rtol=1e-3, atol=2e-4)
    network = run.discriminator().eval()
    with torch.no_grad():
        found = network(torch.from_numpy(signed).float()).numpy()
    np.testing.assert_allclose(found, logits, atol=1e-3)
    assert encoder.layers[f"conv{len(D_STRIDES[name])}"][1] == {"svhn32": 7_168, "imagenet32": 28_672}[name]


def test_generated_images_match_the_reference(released):
    name, _, generator, run = released
    z = np.random.default_rng(2).normal(size=(4, generator[0].shape[0]))
    expected = numpy_generator(z, generator, D_STRIDES[name][::-1])
    with torch.no_grad():
        found = run.generator().train()(torch.from_numpy(z).float()).numpy()
    assert expected.std() > 0.1
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_the_generator_gets_the_statistics_of_its_own_samples(tmp_path, monkeypatch):
    monkeypatch.setattr("dcgan_probe.gan.released.imported_run.BATCHES", 4)
    generator = make_up(G_SHAPES["svhn32"], 1)
    folder = write(tmp_path / "arrays", make_up(D_SHAPES["svhn32"], 0), generator)
    run = import_run(folder, tmp_path / "run", make_images())
    # z is standard normal: the variance of z W is the sum of the squares of W's columns.
    norm = run.generator().first_norm
    exact = (generator[0].astype(np.float64) ** 2).sum(0)
    assert float(norm.running_var.double().mean()) == pytest.approx(exact.mean(), rel=0.02)
    assert abs(norm.running_mean.numpy() / np.sqrt(exact)).max() < 5 / np.sqrt(4 * 128)
    drawn = draw_samples(run, 128, device=CPU)
    batch = (numpy_generator(drawn.z.astype(np.float64), generator, (2, 2, 2)) + 1) * 127.5
    assert abs(drawn.images - batch).mean() < 0.15 * batch.std()
    few = generate(run.generator(), torch.from_numpy(drawn.z[:3]), CPU).astype(int)
    assert abs(few - drawn.images[:3]).max() <= 1  # rounding of a differently blocked product


def test_running_statistics_are_those_of_the_real_images(released):
    run, images = released[-1], make_images()
    real, running = (
        run_encoder(run, training_images=make_images, device=CPU, bn_stats=rule)
        for rule in ("real-permuted", "running")
    )
    assert np.array_equal(real.encode(images.images), running.encode(images.images))


def test_the_run_folder_records_its_origin(released):
    name, discriminator, generator, run = released
    count, set_name, seen = {
        "svhn32": (63_257, "svhn", 200 * 63_257 // 2),
        "imagenet32": (1_281_167, "imagenet", 200 * 1_281_167 // 2),
    }[name]
    assert run.config.preset == f"authors-{name}"
    assert run.config.dataset == "made-up"
    assert (run.trained_on.name, run.trained_on.images) == (set_name, count)
    assert run.trained_on.fingerprint == make_images().fingerprint
    assert run.position() == seen
    (session,) = json.loads(run.config_path.read_text())["sessions"]
    assert session["command"] == ["x"]
    assert session["imported"]["epoch"] == 200
    assert len(session["imported"]["arrays"]) == len(discriminator) + len(generator)
    assert session["imported"] == load_checkpoint(run.checkpoint_path)["imported"]


def test_resuming_training_is_refused(released):
    run = released[-1]
    with pytest.raises(UserError, match="holds imported weights, without the optimizers' state") as caught:
        train(run.config, make_images(200), run.folder, device=CPU)
    assert caught.value.parameter == "run"


def test_a_run_is_not_overwritten(svhn, tmp_path):
    run = import_run(svhn, tmp_path / "run", make_images())
    before = run.checkpoint_path.read_bytes(), run.config_path.read_bytes()
    with pytest.raises(UserError, match=r"holds a run already; give another `run`, or move it away") as caught:
        import_run(svhn, tmp_path / "run", make_images())
    assert caught.value.parameter == "run"
    assert before == (run.checkpoint_path.read_bytes(), run.config_path.read_bytes())


def test_images_of_another_shape_are_refused(svhn, tmp_path):
    weights = read_authors(svhn, configs())
    with pytest.raises(UserError) as caught:
        save_authors(weights, make_images(side=16, channels=1), {}, tmp_path / "run", device=CPU)
    assert str(caught.value) == (
        "made-up has images of 1 x 16 x 16 (channels, height, width), but the authors' network takes 3 x 32 x 32; make "
        "a copy with `dcgan-probe prepare made-up --size 32 --channels 3`"
    )
    assert not (tmp_path / "run").exists()


def test_the_discriminator_works_without_the_generator(svhn, tmp_path):
    run = import_run(svhn, tmp_path / "run", make_images())
    assert run_encoder(run, training_images=make_images, device=CPU).encode(make_images().images).shape == (6, 7_168)
    with pytest.raises(UserError) as caught:
        draw_samples(run, 3, device=CPU)
    assert str(caught.value) == (
        f"{run.folder} was imported without a generator: {svhn} holds no 200_gen_params.jl_NN.npy; import a folder "
        "that holds all of its arrays into another run"
    )


def test_an_incomplete_generator_is_omitted_and_its_missing_arrays_are_named(svhn):
    write(svhn, make_up(D_SHAPES["svhn32"], 0), make_up(G_SHAPES["svhn32"], 1))
    for number in (1, 10):
        (svhn / f"200_gen_params.jl_{number:02d}.npy").unlink()
    weights = read_authors(svhn, configs())
    assert weights.generator is None
    assert weights.without_generator == f"{svhn} lacks 01, 10 of 200_gen_params.jl_01.npy to 10"


def test_layers_before_a_missing_one_stay_usable(tmp_path):
    whole = write(tmp_path / "whole", make_up(D_SHAPES["imagenet32"], 0))
    part = write(tmp_path / "part", make_up(D_SHAPES["imagenet32"], 0), make_up(G_SHAPES["imagenet32"], 1))
    for number in (11, 14):
        (part / f"200_discrim_params.jl_{number}.npy").unlink()
    weights = read_authors(part, configs())
    assert weights.missing == {"conv5": ["200_discrim_params.jl_11.npy"], "conv6": ["200_discrim_params.jl_14.npy"]}
    assert weights.config.preset == "authors-imagenet32 (conv1-conv4)"
    assert weights.without_generator == "it mirrors the whole discriminator, which lacks layers"
    images = make_images(4)
    full, cut = (
        run_encoder(
            import_run(folder, tmp_path / f"run-{folder.name}", images), training_images=lambda: images, device=CPU
        )
        for folder in (whole, part)
    )
    assert list(cut.layers) == ["conv1", "conv2", "conv3", "conv4"]
    np.testing.assert_allclose(cut.encode(images.images), full.encode(images.images)[:, : 768 * 16], atol=1e-5)
    run = Run(tmp_path / "run-part")
    with pytest.raises(UserError, match="unknown layer conv5: expected all, or some of conv1, conv2, conv3, conv4"):
        run_encoder(run, training_images=lambda: images, device=CPU, layers="conv5")
    # NaN instead of an arbitrary logit.
    assert run.discriminator().eval()(torch.zeros(2, 3, 32, 32)).isnan().all()


def test_without_the_output_all_layers_and_the_generator_stay(svhn):
    write(svhn, make_up(D_SHAPES["svhn32"], 0), make_up(G_SHAPES["svhn32"], 1))
    (svhn / "200_discrim_params.jl_08.npy").unlink()
    weights = read_authors(svhn, configs())
    assert weights.missing == {"output": ["200_discrim_params.jl_08.npy"]}
    assert weights.config.preset == "authors-svhn32"
    assert weights.generator is not None
    assert weights.discriminator["output.weight"].isnan().all()


def test_a_layer_without_its_gain_is_missing(svhn):
    (svhn / "200_discrim_params.jl_06.npy").unlink()
    weights = read_authors(svhn, configs())
    assert weights.missing == {"conv3": ["200_discrim_params.jl_06.npy"]}
    assert weights.config.network.layer_names == ("conv1", "conv2")


def test_arrays_are_read_by_number_in_any_memory_layout(tmp_path):
    discriminator, generator = make_up(D_SHAPES["svhn32"], 0), make_up(G_SHAPES["svhn32"], 1)
    expected = read_authors(write(tmp_path / "plain", discriminator, generator), configs())
    wide = [np.asfortranarray(array.astype(np.float64)) for array in generator]
    folder = write(tmp_path / "other", discriminator, wide, prefix="")
    for path in list(folder.glob("*.npy")):
        path.rename(path.with_name(path.name.replace("_0", "_")))  # _10 sorts before _2
    found = read_authors(folder, configs())
    for name in ("discriminator", "generator"):
        ours, theirs = getattr(found, name), getattr(expected, name)
        assert all(torch.equal(ours[key].nan_to_num(), theirs[key].nan_to_num()) for key in theirs)
        assert all(tensor.dtype in (torch.float32, torch.int64) for tensor in ours.values())
    assert list(found.fingerprints.values()) == list(expected.fingerprints.values())
    assert (found.epoch, found.position, expected.epoch) == (None, 0, 200)


def test_shapes_that_fit_no_net_are_refused_with_what_was_found_and_expected(svhn):
    np.save(svhn / "200_discrim_params.jl_05.npy", np.zeros((256, 128, 3, 3), np.float32))
    with pytest.raises(UserError) as caught:
        read_authors(svhn, configs())
    first, found, *expected, last = str(caught.value).splitlines()
    assert first == f"the arrays in {svhn} fit no released discriminator:"
    assert found == (
        "  found: 01 (64, 3, 5, 5), 02 (128, 64, 5, 5), 03 (128,), 04 (128,), 05 (256, 128, 3, 3), 06 (256,), "
        "07 (256,), 08 (4096, 1)"
    )
    assert expected[0] == (
        "  expected for svhn32: 01 (64, 3, 5, 5), 02 (128, 64, 5, 5), 03 (128,), 04 (128,), 05 (256, 128, 5, 5), "
        "06 (256,), 07 (256,), 08 (4096, 1)"
    )
    assert expected[1].startswith("  expected for imagenet32: 01 (128, 3, 3, 3), 02 (128, 128, 3, 3), 03 (128,)")
    assert expected[1].endswith("16 (512,), 17 (8192, 1)")
    assert last == "Give a folder of models/ in the authors' repository."


def test_shapes_of_another_generator_are_refused(svhn):
    generator = make_up(G_SHAPES["svhn32"], 1)
    write(svhn, make_up(D_SHAPES["svhn32"], 0), [generator[0][:64], *generator[1:]])
    with pytest.raises(UserError) as caught:
        read_authors(svhn, configs())
    lines = str(caught.value).splitlines()
    assert lines[0] == f"the generator's arrays in {svhn} do not fit:"
    assert lines[1].startswith("  found: 01 (64, 4096), 02 (4096,)")
    assert lines[2].startswith("  expected for svhn32: 01 (100, 4096), 02 (4096,)")


LAST = "200_discrim_params.jl_08.npy"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda folder: [path.unlink() for path in folder.glob("*.npy")],
            "holds no array of a discriminator; expected",
        ),
        (
            lambda folder: (folder / "200_discrim_params.jl_01.npy").unlink(),
            "lacks 200_discrim_params.jl_01.npy, the f",
        ),
        (
            lambda folder: np.save(folder / LAST, np.full((4096, 1), np.nan)),
            f"{LAST} holds numbers that are not finite",
        ),
        (lambda folder: np.save(folder / LAST, np.full((4096, 1), 1e300)), f"{LAST} holds numbers that are not finite"),
        (lambda folder: np.save(folder / LAST, np.ones((4096, 1), int)), "type int64, expected floating point"),
        (lambda folder: np.save(folder / LAST, np.array([None])), f"{LAST} is corrupt, or not a NumPy array"),
        (lambda folder: (folder / LAST).write_bytes(b""), f"{LAST} is corrupt, or not a NumPy array"),
        (
            lambda folder: (folder / LAST).write_text("version https://git-lfs"),
            f"{LAST} is corrupt, or not a NumPy array",
        ),
        (
            lambda folder: (folder / LAST).write_bytes((folder / LAST).read_bytes()[:999]),
            f"{LAST} is corrupt, or not a NumPy array",
        ),
        (lambda folder: np.save(folder / "200_discrim_params.jl_09.npy", np.ones(3)), "fit no released discriminator"),
        (lambda folder: np.save(folder / "200_discrim_params.jl_00.npy", np.ones(3)), "fit no released discriminator"),
        (lambda folder: np.save(folder / "200_discrim_params.jl_8.npy", np.ones(3)), "holds one array twice, as"),
        (
            lambda folder: np.save(folder / "100_discrim_params.jl_01.npy", np.ones(3)),
            r"holds the arrays of 2 nets \(100_discrim_params, 200_discrim_params\)",
        ),
    ],
)
def test_arrays_that_cannot_be_used_are_named(svhn, change, text):
    change(svhn)
    with pytest.raises(UserError, match=text):
        read_authors(svhn, configs())


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(
        UserError, match=f"the folder {tmp_path}/x does not exist; expected models/NAME/ of the authors' repo"
    ):
        read_authors(tmp_path / "x", configs())
