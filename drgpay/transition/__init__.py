"""The change of a grouping scheme: stays under both, neutral factors, shadow months, a gate."""
