"""AR items: what stands open between a creditor and its customers."""
