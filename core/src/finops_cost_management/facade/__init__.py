"""The names that people embed: thin doors to what the pipeline and the command line do."""
