"""Files: what was uploaded, and what the ledger has made."""
