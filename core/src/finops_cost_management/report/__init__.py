"""The answers of a run as people read them: in a terminal and on a page."""
