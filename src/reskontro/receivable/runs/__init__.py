"""What the runs of the receivable rooms share: what a run is, its inputs by customer, and the file of what one would do."""
