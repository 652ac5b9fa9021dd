"""Writes the parts of the documentation that come from the program itself: commands, settings, client configs, errors, operations."""
