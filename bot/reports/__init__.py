"""A provider's month, to hold it to account: gathered once, and dressed as text, as a page to print, and as
CSV."""
