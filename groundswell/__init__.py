"""The ground floor: what every stage shares, and the command line."""
