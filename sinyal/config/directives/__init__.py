"""The directive table, one file per scope; guide 3.3."""
