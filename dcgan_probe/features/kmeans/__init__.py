"""Dictionaries of image patches by k-means, and encoders that use them."""
