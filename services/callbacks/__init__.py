"""callbacks: results pushed to merchants. Composition root: root.py. Read next: mkondo/domain/deliveries.py."""
