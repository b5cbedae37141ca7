"""The canary (R29): a running installation full of tokens, one person erased, and every byte of it searched."""
