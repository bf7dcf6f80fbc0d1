"""What a policy does, in sentences for a meeting (docs/commands.md, drgpay policy explain)."""
