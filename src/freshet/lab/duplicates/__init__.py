"""Whether re-uploads are found, measured on clips of a world of our own."""
