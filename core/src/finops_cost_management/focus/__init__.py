"""FOCUS: its columns, and how rows of any version are read, judged and written."""
