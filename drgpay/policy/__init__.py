"""The policy: every parameter of a region and a year, from one TOML file."""
