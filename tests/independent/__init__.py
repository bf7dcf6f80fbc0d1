"""An independent recomputation of calibration, points and settlement, and tests against it."""
