"""Payment reservations: a payment under way is announced, captured, released or runs out."""
