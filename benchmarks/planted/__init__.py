"""Data sets with a planted strategy, networks trained on them, and what a survey finds: `python -m benchmarks.planted`."""
