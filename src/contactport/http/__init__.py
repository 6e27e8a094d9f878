"""HTTP: what listens. The API, the pages and the files that pages load."""
