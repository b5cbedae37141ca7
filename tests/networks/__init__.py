"""Real network servers on loopback, and the tests that read them."""
