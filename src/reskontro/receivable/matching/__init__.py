"""Matching: payments and what they settle, by hand."""
