"""Mandates of AvtaleGiro: who lets claims be drawn from an account, as the bank tells it."""
