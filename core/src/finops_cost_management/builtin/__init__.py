"""The plugins that core brings itself."""
