"""A synthetic region: hospitals and settled stays that look like a real one, of no real person."""
