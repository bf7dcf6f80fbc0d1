"""The Python API: what `import drgpay` offers, over the same stages as the command line."""
