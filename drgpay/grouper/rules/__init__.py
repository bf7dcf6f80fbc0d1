"""The rule language of grouping schemes: its text, its tree, its parser."""
