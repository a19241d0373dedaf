"""Settings of a search for near-duplicates."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DedupConfig:
    """How to look for near-duplicates.

    The limit of bits was chosen on 20,000 training images of CIFAR-10: within 15 bits of each other were 98.4 % or more
    of 500 planted copies of each kind and their originals. The limit of distance was chosen by eye on pairs within
    0.5: of 31 in Tiny ImageNet two, and of 300 between CIFAR-10's training and test images three, were two pictures;
    within 0.4 none and one. It is for photographs. Of 1,000 glyphs, none a copy, 75 pairs lie within 0.4, digits of one
    shape in other colours, none of them within 0.2; of 9 pairs in 3,000 images of SVHN the three that are one picture
    lie within 0.11, the others beyond 0.27. What is left of a picture without its detail does not tell them from
    copies: of the copies in CIFAR-10 some differ in it, in colour and light, as much as most of those glyphs.
    """

    bits: int = 15
    """Most bits of 128 in which the hashes of two views may differ."""

    distance: float = 0.4
    """Most that two views may differ, over what either differs from itself two pixels further."""

    images_seen: int = 100_000
    """Images shown to each autoencoder."""

    plants: int = 500
    """Planted copies of each kind, or as many as there are images."""

    seed: int = 0
