"""What a document may be at most, and what its reading may take. Each number has its reason."""

from typing import Final

MB: Final = 1_000_000

# Bytes of a file. A price list or a manual has a few megabytes, most of them pictures, which are not read.
FILE_LIMITS: Final = {
    "pdf": 20 * MB,
    "docx": 20 * MB,
    "html": 5 * MB,
    "csv": 5 * MB,
    "markdown": 1 * MB,
    "text": 1 * MB,
}
LARGEST_FILE: Final = max(FILE_LIMITS.values())
# Bytes of the text that is read from one file: some 1,500 chunks, one transaction of a few seconds.
TEXT_LIMIT: Final = 1 * MB
# A manual of 500 pages is read in some ten seconds; beyond that it is an archive, or made to be slow.
PDF_PAGES: Final = 500
# Bytes of a Word file once unpacked: its XML is held in memory as a tree of ten times the size.
DOCX_UNPACKED: Final = 60 * MB
DOCX_PARTS: Final = 5000  # files in it; each picture is one
CSV_ROWS: Final = 20_000  # a shop's whole stock; more is a database
CSV_COLUMNS: Final = 100

# The process that reads PDF, Word and web pages: its address space (Python and its libraries take 80 MB of it), and the
# time for one document, below a third of a function's 120 s.
READER_MEMORY: Final = 640 * 1024 * 1024
READER_SECONDS: Final = 35.0
