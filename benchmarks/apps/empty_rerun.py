"""The least that a Streamlit page can do: one control, one word that follows it, torch loaded."""

import streamlit as st
import torch

method = st.segmented_control("method", ["Forward", "Central"], default="Forward", key="method")
with st.container(key="answer"):
    st.text(f"{method} with torch {torch.__version__}")
