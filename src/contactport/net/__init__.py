"""The way out: every connection to a server of the outside is made in this room."""
