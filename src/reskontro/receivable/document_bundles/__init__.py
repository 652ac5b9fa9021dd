"""Document bundles: what goes to one receiver together."""
