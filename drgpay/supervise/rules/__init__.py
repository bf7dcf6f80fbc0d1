"""The rules of supervision, a module each, named as the specification names them.

A module has `RULE` (rule.py): what it reads, its limits, and a pure function from frames to hits. Which
rules there are, with their limits, weights and sources, stands in a file of rules
(policies/supervision); the module of a rule is found by its name.
"""
