"""The room of codes: the lists of the system, and those a client keeps."""
