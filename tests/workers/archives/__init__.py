"""Tests of archives that people bring."""
