"""The deployed REST APIs on 127.0.0.1: what answers is what the embedded AWS holds.

A request goes through ``app`` (which API and stage), ``gateway`` (what API Gateway does), ``functions`` and ``worker`` (what
Lambda does), and ``child.py`` or ``child.mjs``, in which the handler runs. docs/serve.md says what is as on AWS, and what is not.
"""
