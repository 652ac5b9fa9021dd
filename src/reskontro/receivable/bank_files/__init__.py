"""Bank files: OCR giro and camt.054 are read as a whole, and their payments booked in sets."""
