"""One folder per outside thing. Every adapter of a port passes the suite in mkondo/testing/conformance."""
