"""Character sets: the labels of those that are named, and the evidence for those that are not."""
