"""Array API of numpy arrays and torch tensors, from ``array_api_compat`` or scikit-learn's copy of it."""

from typing import Any

import numpy as np

from ...runtime import UserError

try:
    from array_api_compat import array_namespace as _namespace, device, is_torch_array
except ImportError:  # scikit-learn ships a copy
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
"""Dtypes of features that are read without conversion; scikit-learn converts other arrays to the first one."""
SINGLE = ("float16", "float32")
"""Dtypes of features that are computed in float32; all others are computed in float64."""


def array_namespace(array: Any) -> Any:
    """Return the namespace of an array; numpy's is stored, since small problems need it thousands of times."""
    return _NUMPY if isinstance(array, np.ndarray) else _namespace(array)


def plain_tensor(tensor: Any) -> Any:
    """Return a torch tensor without its graph, converted to float32 if it is bfloat16, which numpy lacks.

    Raises
    ------
    UserError
        If the tensor is not dense.
    """
    if "strided" not in str(tensor.layout):
        raise UserError(f"got a tensor of layout {tensor.layout}, expected a dense one: pass X.to_dense()")
    tensor = tensor.detach()
    return tensor.float() if "bfloat16" in str(tensor.dtype) else tensor


def dtype_name(features: Any) -> str:
    """Return the name of a numpy or torch dtype, such as "float32"."""
    return str(features.dtype).removeprefix("torch.")


def host(array: Any) -> np.ndarray:
    """Return an array as numpy, copied from a GPU if needed."""
    return array if isinstance(array, np.ndarray) else array.cpu().numpy()


def host64(array: Any) -> np.ndarray:
    """Return an array as numpy in float64, copied from a GPU if needed."""
    return host(array).astype(np.float64, copy=False)


def check_finite(found: Any) -> None:
    """Check a result computed from features that were finite when first read.

    Raises
    ------
    UserError
        If the result is not finite.
    """
    xp = array_namespace(found)
    if not bool(xp.all(xp.isfinite(found))):
        raise UserError(
            "the features changed during the fit: they were finite at first, but a result is not; rerun the fit once "
            "no process writes to them"
        )
