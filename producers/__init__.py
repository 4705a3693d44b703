"""Where texts come in, one source a file; each yields :class:`groundswell.messages.Text`."""
