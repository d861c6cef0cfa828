"""The entry of the pages: `streamlit run dashboards/app.py`."""

from pathlib import Path

import streamlit as st

ICON = Path(__file__).parent / "icon.svg"

st.set_page_config(page_title="Meterhouse", page_icon=ICON, layout="wide")
st.logo(ICON, size="large")
st.navigation(
    {
        "Meterhouse": [
            st.Page(
                "app_pages/overview.py", title="Overview", icon=":material/dashboard:", default=True
            ),
            st.Page("app_pages/usage.py", title="Usage", icon=":material/bar_chart:"),
            st.Page("app_pages/invoices.py", title="Invoices", icon=":material/receipt_long:"),
        ],
        "Data": [
            st.Page("app_pages/quarantine.py", title="Quarantine", icon=":material/block:"),
        ],
    }
).run()
