"""The documentation of an action; see action_plugins."""
