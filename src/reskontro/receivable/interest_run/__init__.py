"""INTEREST-RUN: notes of late-payment interest."""
