"""The same kernel over a Spark cluster; pyspark (extra `[spark]`) is imported only when asked."""
