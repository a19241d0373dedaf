"""Floor 4. Looking inside the generator: samples by number; walks, arithmetic and forgetting belong here too."""

from .sampling import Samples, generate, sample

__all__ = ["Samples", "generate", "sample"]
