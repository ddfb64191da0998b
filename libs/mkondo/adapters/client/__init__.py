"""A client of the HTTP interface, as a merchant's program would be one: `mkondo pay`, `status`, the demo, the bench."""
