"""The subcommands of ``finops``, one module each."""
