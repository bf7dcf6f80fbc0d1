"""Schemes as objects of study: checked, searched for stays that reach each group."""
