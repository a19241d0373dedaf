"""Gives what tells numpy arrays from torch tensors; from scikit-learn's copy of the package if it is not installed."""

try:
    from array_api_compat import array_namespace, device, is_torch_array
except ImportError:  # a machine where nothing can be installed
    from sklearn.externals.array_api_compat import array_namespace, device, is_torch_array

__all__ = ["array_namespace", "device", "is_torch_array"]
