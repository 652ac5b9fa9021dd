"""Bank files: OCR giro, camt.054 and mandates are read as a whole, their payments booked and their mandates registered in sets."""
