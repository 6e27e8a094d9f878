"""What `contactport doctor` looks at: one file a part of the house, one function a question.

A check opens nothing for writing and changes nothing. It yields what it found, in plain words, with the fix.
"""
