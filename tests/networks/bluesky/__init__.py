"""A real, throw-away Bluesky network on loopback, its scenarios and its pytest fixture."""
