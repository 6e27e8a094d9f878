"""Network: every connection to the outside is made in this room."""
