"""The room of client configs: what a client has set, and since when."""
