"""The array API of numpy arrays and torch tensors; from scikit-learn's copy of the package if it is not installed."""

from typing import Any

import numpy as np

from ..runtime import UserError

try:
    from array_api_compat import array_namespace as _namespace
    from array_api_compat import device, is_torch_array
except ImportError:  # a machine where nothing can be installed
    from sklearn.externals.array_api_compat import array_namespace as _namespace
    from sklearn.externals.array_api_compat import device, is_torch_array

_NUMPY = _namespace(np.empty(0))

__all__ = ["array_namespace", "device", "is_torch_array", "plain_tensor"]


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
