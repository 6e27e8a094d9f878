"""What is kept, and how it is sealed: everything that reads or writes runs whole inside one thread."""
