"""What is kept, and how it is sealed: reads are asynchronous, writes are one synchronous transaction each."""
