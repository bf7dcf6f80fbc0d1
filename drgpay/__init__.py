"""drgpay: pay hospitals by the DRG point method, exactly and explained."""

__version__ = "0.1.0"
