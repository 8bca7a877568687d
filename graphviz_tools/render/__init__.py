"""DOT text becomes SVG, PNG or PDF. The only room that knows pygraphviz."""
