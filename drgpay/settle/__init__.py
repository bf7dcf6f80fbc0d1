"""Settlement: from points to a value, to each hospital's payment, and down to each case."""
