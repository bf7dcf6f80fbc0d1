"""Start: a project folder out of a centre's own files, their columns recognised (`drgpay init`)."""
