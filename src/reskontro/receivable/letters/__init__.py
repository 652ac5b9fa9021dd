"""Letters to customers: what they say, and how they become PDF files."""
