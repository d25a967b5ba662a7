"""Tools of a caller's MCP endpoint: which addresses may be used, the connection, and the calls."""
