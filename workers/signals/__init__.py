"""Signals: how public reactions become numbers and pseudonyms, where they rest, and how they go."""
