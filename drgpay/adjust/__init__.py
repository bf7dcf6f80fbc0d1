"""Group adjustment: overlays that change a scheme, and proposals for them found in costs."""
