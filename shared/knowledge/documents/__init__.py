"""Documents of every kind that a business has, as Markdown that the chunking cuts well."""
