"""MATCHING-RUN: the matching rules for payments and credits that are still open."""
