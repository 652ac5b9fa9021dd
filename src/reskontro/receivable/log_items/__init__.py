"""The log of a client."""
