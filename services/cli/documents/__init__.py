"""Documents made from the program's own tables, so that they can't disagree with it. `make generate` writes them."""
