"""Tables, texts and the user's files; nothing here knows a work directory."""
