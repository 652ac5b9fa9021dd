"""Auto postings: events with all their debit and credit lines, booked as a set or not at all."""
