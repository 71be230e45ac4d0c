"""The server as a process: its application, set for a long life, and HTTP as it is spoken."""
