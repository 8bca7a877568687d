"""The Streamlit floor: panels, charts, examples and the graph view."""
