"""What the reading rooms need."""

from reskontro.db.setup import run_script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen the index over open items, and tell bundles of invoices and of letters apart."""
    run_script("0004_reading.sql")
