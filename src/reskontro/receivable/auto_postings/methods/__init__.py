"""One module per method: what it takes, how a posting is judged, and how it is booked."""
