"""The pure core: what is true about money, applications and payments. Read next: money.py, decider.py, payment.py."""
