"""Slack's door: installs, commands, dialogs, the home tab, and what Slack tells of its workspaces."""
