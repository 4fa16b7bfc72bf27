"""Mark submissions on the trusted side: what learners wrote runs in a sandboxed kernel only."""
