"""Numbers, amounts, dates and times in the words of nine Indian languages. English: `processors/numbers.py`."""
