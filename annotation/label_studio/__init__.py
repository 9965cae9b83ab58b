"""Review by people in Label Studio.

`server`: a server of our own. `api`: the requests. `editor`: what people see. `exchange`: push and pull.
`backend`: predictions while people work. `watch`: a pull as soon as something is saved. On top of these,
`session` connects to the server of a workspace, `status` and `diagnosis` describe it.
Heavy libraries are imported only where they are used.
"""
