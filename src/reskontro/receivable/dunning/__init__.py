"""Dunning: reminders, collection notices and the hand-over of what nobody paid, by the client's plan."""
