"""The comparison of chest with other backup programs; see `python3 benches/compare --help`."""
