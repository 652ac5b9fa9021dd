"""Batches whose items nobody sent: what was asked for, and how far their inputs are worked through."""

from reskontro.db.setup import run_script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen batches and their results."""
    run_script("0005_runs.sql")
