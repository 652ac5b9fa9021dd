"""Reports: what a ledger shows about itself, as PDF, XLSX, CSV and JSON."""
