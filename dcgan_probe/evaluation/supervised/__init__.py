"""Supervised row of a table: a network trained on labels alone, its setting chosen by random search."""
