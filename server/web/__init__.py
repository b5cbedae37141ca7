"""The pages: one blueprint a file. A view opens a unit of work, calls one service and renders."""
