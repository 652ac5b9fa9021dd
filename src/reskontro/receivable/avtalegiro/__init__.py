"""AVTALEGIRO-RUN: claims that the bank draws by mandate are sent to it, and taken back when they are no longer right."""
