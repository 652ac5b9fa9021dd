"""Payment reservations, and what reversals and look-ups by number need."""

from reskontro.db.setup import run_script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the reservations and the indexes."""
    run_script("0002_reservations.sql")
