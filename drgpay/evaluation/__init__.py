"""Evaluation of hospitals (绩效评价): indicators of a year, scores, ranks, and what they change in payment (docs/evaluation.md)."""
