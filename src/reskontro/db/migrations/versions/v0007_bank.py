"""What came from the bank: transmissions, transactions and mandates; what was sent to it."""

from reskontro.db.setup import run_script

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of bank files."""
    run_script("0007_bank.sql")
