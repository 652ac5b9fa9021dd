"""Indexes for the lists of AR items and payments, and for the state of past days."""

from reskontro.db.setup import run_script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the indexes."""
    run_script("0003_items.sql")
