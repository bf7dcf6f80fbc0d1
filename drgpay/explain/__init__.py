"""Explain how one stay was grouped: every rule tried, and the facts that decided it."""
