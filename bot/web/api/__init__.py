"""The API, version 1. /api/openapi.json describes all of it, and is made of the same list."""
