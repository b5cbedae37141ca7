"""The catalogues of the languages, and the tool that keeps them complete."""
