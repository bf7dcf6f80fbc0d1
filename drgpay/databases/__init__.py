"""Databases of a centre: which there are, and how one is reached without a password in any file (docs/databases.md)"""
