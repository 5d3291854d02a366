"""The console: the pages that people see in a browser. Nothing is built: what stands in static/ is what is sent."""
