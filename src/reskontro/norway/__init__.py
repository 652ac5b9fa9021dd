"""Norwegian law and standards as dated data and pure functions: no HTTP, no SQL, no clock, no settings."""
