"""Solver of many linear problems at once: losses, products with the features, directions and searches."""
