"""The admission service hosts the decider of that name. Composition root: root.py. Read next: mkondo/domain/admission.py."""
