"""The foundation: clients, books, customers, documents, ledger, batches, access."""

from reskontro.db.setup import run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    run_script("0001_foundation.sql")
