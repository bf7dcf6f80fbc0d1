"""What every part of the program stands on: exact numbers, errors, words, files."""
