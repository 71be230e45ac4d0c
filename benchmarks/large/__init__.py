"""Stores that outgrow a machine's memory: ten million jobs, and what becomes of polls, lists and memory over them."""
