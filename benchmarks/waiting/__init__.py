"""What polls that wait cost a server, and streams of events: memory, the delay of an answer, and what others notice."""
