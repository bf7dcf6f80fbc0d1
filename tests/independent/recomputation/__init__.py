"""Calibration, points, settlement and clearing recomputed from the rules alone, slowly.

docs/points.md and docs/settlement.md state the rules: one stay, one line, one entry at a time, exact
fractions, dicts and loops. Of drgpay it takes only the policy, that is the parameters; none of its
arithmetic. A number stays as it is until a rule says "rounded"; then half-up.
"""
