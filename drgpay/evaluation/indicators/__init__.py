"""The indicators of an evaluation, a module a subject: each gives sums by hospital and block of stays."""
