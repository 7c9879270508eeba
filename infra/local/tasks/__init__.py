"""A Cloud Tasks server on one machine: the real gRPC API, kept in PostgreSQL, and misbehaviour on command."""
