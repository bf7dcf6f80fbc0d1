"""Scenarios: a month or a year again under other rules, compared with the base to the fen."""
