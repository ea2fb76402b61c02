"""How chest's cost grows; see `python3 benches/growth --help`."""
