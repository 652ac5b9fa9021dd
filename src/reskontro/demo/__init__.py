"""The demonstration: made-up data, and a run of everything on it."""
