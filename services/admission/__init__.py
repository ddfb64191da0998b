"""admission: the service that hosts the admission decider. Composition root: root.py. Read next: mkondo/domain/admission."""
