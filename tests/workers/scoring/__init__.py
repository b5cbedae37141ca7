"""Tests of the score model and its explanation."""
