"""The formula language: parse, allow-list, evaluate. Never compiles or executes unchecked text."""
