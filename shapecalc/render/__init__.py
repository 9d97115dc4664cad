"""The renderers: records → text for a terminal, for an editor, for a program."""
