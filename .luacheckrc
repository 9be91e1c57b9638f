std = "max"
max_line_length = 100
codes = true
exclude_files = { "build/**", "results/**" }
