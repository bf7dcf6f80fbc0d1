"""Supervision: clues in stays and visits of finished runs, scored, decided and booked (docs/supervision.md)."""
