"""Where data comes from: one module per origin of data, each returning raw layers and knowing no planning standard."""
