"""Tasks for a handler in collection."""

from reskontro.db.setup import run_script

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the outbox hold tasks beside invoices."""
    run_script("0011_collection_tasks.sql")
