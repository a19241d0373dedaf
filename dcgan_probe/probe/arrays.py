"""Gives what tells numpy arrays from torch tensors; from SciPy's copy of the package where that is not installed."""

try:
    from array_api_compat import array_namespace, device, is_torch_array
except ImportError:  # a machine where nothing can be installed
    from scipy._lib.array_api_compat import array_namespace, device, is_torch_array  # type: ignore[no-redef]

__all__ = ["array_namespace", "device", "is_torch_array"]
