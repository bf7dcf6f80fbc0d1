"""Points: a catalogue calibrated from past years, and what each stay of a month earns."""
