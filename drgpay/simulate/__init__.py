"""Scenarios: the month again under other rules, compared with the base to the fen."""
