"""What speed is measured here: `make bench`. Each module has `run()`, which prints a table of ratios within one run."""
