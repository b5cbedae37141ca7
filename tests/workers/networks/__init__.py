"""Tests of the networks: real HTTP on loopback, invented people, hostile servers."""
