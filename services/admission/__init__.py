"""The admission service hosts that decider. Composition root: root.py. Read next: mkondo/domain/admission."""
