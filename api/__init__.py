"""Everything HTTP: protocols in, protocols out, one queue and one worker between; never touches a page."""
