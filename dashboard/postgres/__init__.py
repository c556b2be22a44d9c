"""PostgreSQL: the embedded server, connections, capture, the log and who follows it; the only room with asyncpg."""
