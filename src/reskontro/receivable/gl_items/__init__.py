"""GL items: the lines of the general ledger."""
