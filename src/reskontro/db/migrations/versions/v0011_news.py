"""News: tasks for a handler in collection, and when the bank told of a mandate."""

from reskontro.db.setup import run_script

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the outbox hold tasks beside invoices, and mandates the moment of their news."""
    run_script("0011_news.sql")
