"""The room of administration: clients, GL accounts, posting rules and periods."""
