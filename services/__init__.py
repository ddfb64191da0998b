"""Thin composition roots, one folder per service. None imports another, but for the command line that runs them all."""
