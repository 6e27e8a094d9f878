"""Sample address books that this project wrote itself: for tests, benchmarks and the demo."""
