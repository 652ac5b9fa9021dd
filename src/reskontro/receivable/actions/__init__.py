"""Actions: runs that work through the ledger, answered 202 and done as batches."""
