"""Where assistants ask: a Model Context Protocol server that reads and changes nothing."""
