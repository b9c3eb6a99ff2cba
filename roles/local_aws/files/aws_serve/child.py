"""Runs a Python handler: python -S -P child.py MEMORY_MB PACKAGES LAYER...

Started in the function's folder, with the environment that Lambda would give it. PACKAGES: a folder with what
Lambda's Python has beside its library. What it prints goes to the function's log.
"""

import json
import os
import socket
import struct
import sys
import time
import traceback


class Context:
    """What Lambda hands to a handler beside the event."""

    def __init__(self, facts: dict) -> None:
        self.aws_request_id = facts["aws_request_id"]
        self.invoked_function_arn = facts["invoked_function_arn"]
        self._deadline = facts["deadline"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.client_context = None
        self.identity = None

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(self._deadline - time.time() * 1000))


def failure(kind: str, error: BaseException, request: str = "") -> dict:
    """As Lambda words an exception; without the frames of this file."""
    frames = [line for line in traceback.format_tb(error.__traceback__) if f'"{__file__}"' not in line]
    return {"errorMessage": str(error), "errorType": kind, "requestId": request, "stackTrace": frames}


def limit(memory: int) -> None:
    """What a process may have of its own: the nearest that a kernel has to Lambda's limit. Libraries are not counted."""
    import resource

    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (memory * 1024 * 1024,) * 2)


def load() -> object:
    """The handler, as Lambda's Python finds it."""
    import importlib

    place, _, name = os.environ["_HANDLER"].rpartition(".")
    return getattr(importlib.import_module(place.replace("/", ".")), name)


def set_up_logs() -> None:
    import logging

    sys.stdout.reconfigure(line_buffering=True)
    level = os.environ.pop("AWS_LAMBDA_LOG_LEVEL", "")
    logging.basicConfig(
        stream=sys.stdout,
        level=getattr(logging, {"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(level, level), logging.WARNING),
        format="[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(name)s\t%(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    logging.Formatter.converter = time.gmtime


def main() -> None:
    memory, packages, layers = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    link = socket.socket(fileno=int(os.environ.pop("_SITE_BUILDER_SOCKET")))
    link.set_inheritable(False)
    stream = link.makefile("rwb")

    def send(message: dict) -> None:
        text = json.dumps(message).encode()
        stream.write(struct.pack(">I", len(text)) + text)
        stream.flush()

    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    # A layer's files win over those of the layers before it, the function's over all.
    places = [os.environ["LAMBDA_TASK_ROOT"]]
    for layer in reversed(layers):
        places += [f"{layer}/python/lib/{version}/site-packages", f"{layer}/python"]
    sys.path[:] = [*places, *sys.path, packages]
    sys.argv[1:] = []
    try:
        limit(memory)
        set_up_logs()
        handler = load()
    except ImportError as error:
        traceback.print_exc()
        text = f"Unable to import module '{os.environ['_HANDLER'].rpartition('.')[0]}': {error}"
        return send({"failed": {**failure("Runtime.ImportModuleError", error), "errorMessage": text}})
    except AttributeError as error:
        traceback.print_exc()
        text = f"Handler '{os.environ['_HANDLER'].rpartition('.')[2]}' missing on module: {error}"
        return send({"failed": {**failure("Runtime.HandlerNotFound", error), "errorMessage": text}})
    except Exception as error:
        traceback.print_exc()
        return send({"failed": failure(type(error).__name__, error)})
    send({"ready": True})
    while header := stream.read(4):
        told = json.loads(stream.read(struct.unpack(">I", header)[0]))
        context = Context(told["context"])
        try:
            result = handler(json.loads(told["event"] or "null"), context)
        except MemoryError:
            os._exit(137)  # Lambda kills it
        except Exception as error:
            traceback.print_exc()
            send({"failed": failure(type(error).__name__, error, context.aws_request_id)})
            continue
        try:
            text = json.dumps(result, ensure_ascii=False)
        except (TypeError, ValueError) as error:
            send(
                {
                    "failed": {
                        **failure("Runtime.MarshalError", error),
                        "errorMessage": f"Unable to marshal response: {error}",
                    }
                }
            )
            continue
        send({"result": text})


main()
