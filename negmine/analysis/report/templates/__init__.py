"""What the page is made of: template, style, script."""
