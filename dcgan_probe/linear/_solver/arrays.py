"""The array API of numpy arrays and torch tensors; from scikit-learn's copy of the package if it is not installed."""

from typing import Any

import numpy as np

from ...runtime import UserError

try:
    from array_api_compat import array_namespace as _namespace, device, is_torch_array
except ImportError:  # a machine where nothing can be installed
    from sklearn.externals.array_api_compat import array_namespace as _namespace, device, is_torch_array

__all__ = [
    "DTYPES",
    "SINGLE",
    "array_namespace",
    "check_finite",
    "device",
    "dtype_name",
    "host",
    "host64",
    "is_torch_array",
    "plain_tensor",
]

_NUMPY = _namespace(np.empty(0))
DTYPES = (
    "float64",
    "float32",
    "float16",
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
    "bool",
)
"""Of features that are read as they are; other types are refused, or converted by scikit-learn to the first."""
SINGLE = ("float16", "float32")
"""Computed in float32; every other type in float64."""


def array_namespace(array: Any) -> Any:
    """Return the functions for an array; that of numpy at once, since small problems ask for it thousands of times."""
    return _NUMPY if isinstance(array, np.ndarray) else _namespace(array)


def plain_tensor(tensor: Any) -> Any:
    """Return a torch tensor without its graph; bfloat16, which numpy lacks, as float32.

    Raises
    ------
    UserError
        If the tensor is sparse or of another layout.
    """
    if "strided" not in str(tensor.layout):
        raise UserError(f"got a tensor of the layout {tensor.layout}, expected a dense one: give it as X.to_dense()")
    tensor = tensor.detach()
    return tensor.float() if "bfloat16" in str(tensor.dtype) else tensor


def dtype_name(features: Any) -> str:
    """Return the name of a numpy or torch dtype, such as "float32"."""
    return str(features.dtype).removeprefix("torch.")


def host(array: Any) -> np.ndarray:
    """Give an array in the computer's own memory."""
    return array if isinstance(array, np.ndarray) else array.cpu().numpy()


def host64(array: Any) -> np.ndarray:
    """Give an array in the computer's own memory, in float64."""
    return host(array).astype(np.float64, copy=False)


def check_finite(found: Any) -> None:
    """Refuse what was computed from features that were finite when they were first read.

    Raises
    ------
    UserError
        If anything is not finite.
    """
    xp = array_namespace(found)
    if not bool(xp.all(xp.isfinite(found))):
        raise UserError(
            "the features changed while they were read: they were finite, and gave a result that is not; start again "
            "once nothing writes to them"
        )
