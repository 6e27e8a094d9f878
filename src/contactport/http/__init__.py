"""HTTP: the API, the pages and the files that pages load."""
