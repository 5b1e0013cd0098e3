"""The command line: commands, options, and how results look. The only package that imports rich."""
