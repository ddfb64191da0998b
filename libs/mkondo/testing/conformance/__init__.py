"""One suite per port; every adapter of the port passes it. Each test is a sentence of the port's promise."""
