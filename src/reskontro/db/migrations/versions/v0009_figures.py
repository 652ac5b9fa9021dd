"""Indexes and columns for reports and large lists."""

from reskontro.db.setup import run_script

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the indexes."""
    run_script("0009_figures.sql")
