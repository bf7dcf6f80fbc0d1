"""Input records: where they lie, which columns they have, and whether they can be trusted."""
