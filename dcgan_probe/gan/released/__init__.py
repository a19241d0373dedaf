"""Runs that come from elsewhere: the authors' released weights, and exported runs."""
