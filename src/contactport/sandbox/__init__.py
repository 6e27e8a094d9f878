"""The sandbox: providers that run beside the service, so that imports can be tried without a real account.

It is an authorization server and a CardDAV server of its own, on a port of 127.0.0.1. The service reaches it as it
reaches any provider: by a row, by an OAuth client of the settings, over HTTP. `serve --sandbox` loads this package,
and nothing else does.
"""
