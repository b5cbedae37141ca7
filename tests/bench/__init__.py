"""Figures that `bin/bench` prints."""
