"""What is followed, where it is told and how, as one file that another uptimus takes in; and providers as OPML."""
