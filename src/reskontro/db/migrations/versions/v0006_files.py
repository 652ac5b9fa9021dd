"""Files that came in or were made, with their content."""

from reskontro.db.setup import run_script

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of files."""
    run_script("0006_files.sql")
