"""The numbers to hold, measured against their goals in one run: `make bench`."""
