"""The only room with hooks and dispatch modes: runs code once and leaves with plain records."""
