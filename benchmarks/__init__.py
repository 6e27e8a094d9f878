"""Benchmarks of speed and memory, as ratios to another program or to a floor in the same run."""
