"""Discord's door: slash commands, buttons, and what the gateway tells. Imported only where Discord is set up."""
