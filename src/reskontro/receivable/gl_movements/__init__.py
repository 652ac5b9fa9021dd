"""GL movements and balances."""
