"""Named training settings: published ones and some practical ones.

Marks of origin, as in the README: [P] the paper, [A] the authors' released code, [T] the widespread PyTorch tutorial,
[own] chosen here. Values that neither the paper nor the code states are marked [assumed]; values concluded from the
names of released files are marked [inferred].
"""

from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from ..networks import NetworkConfig
from ..runtime import UserError, resolve_precision
from .config import TrainConfig

if TYPE_CHECKING:
    import torch

PresetName = Literal["imagenet32", "svhn32", "faces64", "tutorial64", "cpu32", "conditional", "demo"]
AUTHORS_L2 = 1e-5
"""The L2 penalty of the authors' faces script [A]; [assumed] wherever their script for the net is not released."""

OPTIONAL = {field.name: field.default for field in fields(TrainConfig) if field.default is not MISSING}
"""Fields that no preset sets, with their defaults."""


@dataclass(frozen=True)
class Preset:
    """Named training settings, with their source and the expected result."""

    network: NetworkConfig
    training: dict[str, Any]
    """Fields of ``TrainConfig`` other than preset, dataset, network, seed and precision."""
    source: str
    expected: str
    """Expected figure, with its data and its source."""


def _network(size: int, nz: int, width: int, multipliers: tuple[int, ...], **changes: Any) -> NetworkConfig:
    """Return a network in the authors' style: 5x5 kernels, stride 2 everywhere, uniform z."""
    authors: dict[str, Any] = {
        "image_size": size,
        "nc": 3,
        "nz": nz,
        "z": "uniform",
        "ndf": width,
        "ngf": width,
        "multipliers": multipliers,
        "strides": (2,) * len(multipliers),
        "kernel": 5,
        "eps": 1e-8,
        "first_norm": "unit",
    }
    return NetworkConfig(**{**authors, **changes})


def _training(images: int, **changes: Any) -> dict[str, Any]:
    """Return the paper's training: batch 128, Adam with learning rate 2e-4 and beta1 0.5."""
    paper = {"updates": "both", "batch_size": 128, "lr": 2e-4, "beta1": 0.5, "weight_decay": AUTHORS_L2}
    return {"images": images, **paper, **changes}


PRESETS: dict[str, Preset] = {
    "imagenet32": Preset(
        network=_network(32, 256, 128, (1, 1, 2, 2, 4, 4), kernel=3, strides=(1, 2, 1, 2, 1, 2)),
        training=_training(19_200_000, updates="alternate"),
        source="[A] imagenet 32x32 net; [inferred] 30 epochs of 1.28M images on the alternating clock, half of them "
        "shown to D; [assumed] the paper's learning rate and batch size, since its script was never released",
        expected="CIFAR-10 82.8 % [P] when trained on ImageNet-1k; 28,672 features",
    ),
    "svhn32": Preset(
        network=_network(32, 100, 64, (1, 2, 4), z="gaussian"),
        training=_training(6_330_000, updates="alternate", lr=5e-4, batch_size=64),
        source="[A] svhn net; [inferred] from its name 100z_gaussian_lr_0.0005_64mb: learning rate, batch size and 200 "
        "epochs of 63,257 images, half of them shown to D",
        expected="SVHN, 1000 labels, 22.48 % error [P] when trained on SVHN; 7,168 features",
    ),
    "faces64": Preset(
        network=_network(64, 100, 128, (1, 2, 4, 8)),
        training=_training(4_375_000, updates="alternate"),
        source="[A] faces/train_uncond_dcgan.py; 25 epochs of 350,000 images, half of them shown to D",
        expected="samples only; the paper gives no figure",
    ),
    "tutorial64": Preset(
        network=_network(64, 100, 64, (1, 2, 4, 8), kernel=4, z="gaussian", eps=1e-5, first_norm="map"),
        training=_training(1_000_000, weight_decay=0.0),
        source="[T] 4x4 kernels, Gaussian z, both networks updated on every batch; 5 epochs of 200,000 images",
        expected="samples only",
    ),
    "cpu32": Preset(
        network=_network(32, 100, 32, (1, 2, 4)),
        training=_training(1_000_000),
        source="[own] half the width of svhn32's net and the paper's training; for machines without a GPU",
        expected="the measured figures of this project, in results/; 3,584 features",
    ),
    "conditional": Preset(
        network=_network(32, 100, 64, (1, 2), hidden=1024, output="sigmoid", classes=10, affine=False),
        training=_training(5_000_000, updates="alternate", weight_decay=2.5e-5),
        source="[A] mnist/train_cond_dcgan.py for images of 32 pixels instead of 28, so smallest maps of 8x8 instead "
        "of 7x7; 200 epochs of 50,000 images, half of them shown to D; the learning rate is constant",
        expected="MNIST, 1-nearest neighbor fitted on samples, 2.98 % error with 50,000, 1.48 % with 10 million [2]",
    ),
    "demo": Preset(
        network=_network(32, 64, 16, (1, 2, 4)),
        training=_training(64_000, batch_size=64),
        source="[own] a quarter of svhn32's width; for a first look in minutes",
        expected="better than its untrained control on the built-in glyphs; 1,792 features",
    ),
}


def preset_named(name: str) -> Preset:
    """Return a preset.

    Raises
    ------
    UserError
        If no preset has that name.
    """
    if name not in PRESETS:
        raise UserError(f"unknown preset {name!r}: expected auto or one of {', '.join(PRESETS)}", parameter="preset")
    return PRESETS[name]


def preset_config(
    name: str = "auto",
    *,
    dataset: str = "cifar10",
    device: "torch.device | None" = None,
    seed: int = 0,
    precision: str = "auto",
    **changes: Any,
) -> TrainConfig:
    """Return a preset's training config, with any field of ``TrainConfig`` or ``NetworkConfig`` changed.

    Parameters
    ----------
    name
        A name in ``PRESETS``, or ``auto``: ``imagenet32`` for a CUDA device, ``cpu32`` otherwise.
    device
        Device that decides ``auto`` for name and precision; the CPU by default.
    **changes
        Fields that differ from the preset; None leaves a field as it is.

    Raises
    ------
    UserError
        If there is no such preset or a value is out of range.
    """
    if name == "auto":
        name = "imagenet32" if device is not None and device.type == "cuda" else "cpu32"
    preset = preset_named(name)
    given = {field: value for field, value in changes.items() if value is not None}
    network = {field: given.pop(field) for field in list(given) if field in NetworkConfig.__dataclass_fields__}
    # Changed fields are listed in the name, so that no record shows a changed network under the preset's name alone.
    plain = {**OPTIONAL, **asdict(preset.network), **preset.training}
    changed = [f"{field} {value}" for field, value in {**network, **given}.items() if value != plain[field]]
    changed = [text for text in changed if not text.startswith("images ")]
    return TrainConfig(
        preset=f"{name} ({', '.join(changed)})" if changed else name,
        dataset=dataset,
        network=replace(preset.network, **network),
        seed=seed,
        precision=resolve_precision(precision, device),
        **{**preset.training, **given},
    )
