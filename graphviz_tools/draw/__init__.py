"""A graph and a theme become a `graphviz.Digraph`. No torch here."""
