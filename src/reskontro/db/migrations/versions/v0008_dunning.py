"""Dunning: the letters of a run, and the claims handed over."""

from reskontro.db.setup import run_script

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of runs."""
    run_script("0008_dunning.sql")
