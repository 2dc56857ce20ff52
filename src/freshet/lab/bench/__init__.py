"""Speed and scale, measured on the server as it is run: `freshet bench`."""
