"""What every function of the site builder shares: it lies in a layer, at /opt/python."""
