"""The calculations by topic: each module has FUNCTIONS, from rule name to a function of the checked input."""
