"""`report.docx`."""
