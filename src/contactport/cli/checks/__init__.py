"""The checks of `contactport doctor`: one file for each part of the service, one function for each question.

A check changes nothing. It yields what it found as text, and how to correct it.
"""
