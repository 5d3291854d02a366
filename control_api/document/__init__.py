"""The API's own description: OpenAPI, a page to read it by, the table in the docs."""
