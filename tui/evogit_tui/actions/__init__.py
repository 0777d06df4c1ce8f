"""Everything a human can do, once: keys, footer, palette, help and docs/tui.md come from here."""
