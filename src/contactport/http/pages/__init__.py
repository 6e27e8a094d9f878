"""Pages for people: HTML, with a style sheet and headers of their own."""
