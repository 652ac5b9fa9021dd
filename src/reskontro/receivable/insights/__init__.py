"""Insights: the age distributed balance."""
