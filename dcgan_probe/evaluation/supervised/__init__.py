"""Supervised row of a table: a network trained on labels only, with its setting chosen by random search."""
