"""Seals of rows that are written once."""

from reskontro.db.setup import run_script

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the seals, and compute those of the rows that are there."""
    run_script("0010_seals.sql")
