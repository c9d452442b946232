"""`crossflag bench scoring`: the service over HTTP beside a bare echo and MLflow's own server.

`traffic` makes the events and the home, `servers` runs the contenders, `load` sends and checks,
`measuring` interleaves them and counts, `showing` prints.
"""
