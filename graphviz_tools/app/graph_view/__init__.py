"""The graph view: a Streamlit component around server-rendered SVG."""
