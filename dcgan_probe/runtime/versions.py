"""Takes nothing, gives the versions that a record or a run folder keeps beside its numbers."""

import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

RECORDED = ("dcgan-probe", "torch", "torchvision", "scikit-learn", "numpy", "h5py")


def package_version() -> str:
    """Give this package's version; ``0+source`` when it runs from a checkout that was never installed."""
    try:
        return version("dcgan-probe")
    except PackageNotFoundError:
        return "0+source"


def versions() -> dict[str, str]:
    """Give the version of Python and of each package in ``RECORDED`` that is installed."""
    found = {"python": platform.python_version(), "dcgan-probe": package_version()}
    for name in RECORDED[1:]:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
