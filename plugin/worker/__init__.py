"""The process behind the OpenFX plugin: protocol, shared memory, server."""
