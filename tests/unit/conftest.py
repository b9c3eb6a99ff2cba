"""What the tests of the modules share."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import botocore.loaders
import botocore.session
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible.plugins.loader import init_plugin_loader
from ansible.utils.collection_loader import AnsibleCollectionConfig

COLLECTIONS = Path(__file__).parents[2] / ".collections"


@pytest.fixture(scope="session", autouse=True)
def _collection_for_children() -> Iterator[None]:
    """Let the processes that tests start import this collection."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(COLLECTIONS), prepend=os.pathsep)
        yield


@pytest.fixture(scope="session", autouse=True)
def _models_of_aws_are_read_once() -> Iterator[None]:
    """moto gives every test a session of its own, which would parse botocore's descriptions of the services anew."""
    loader = botocore.loaders.create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", lambda _path=None: loader)
        yield


@pytest.fixture(scope="module")
def collection_finder() -> Iterator[None]:
    """Let Ansible find this collection, unless a plugin of pytest has already seen to it."""
    with pytest.MonkeyPatch.context() as patch:
        if AnsibleCollectionConfig.collection_finder is None:
            # Ansible's importer does not take over packages that Python's own has loaded.
            for name in [name for name in sys.modules if name.startswith("ansible_collections")]:
                patch.delitem(sys.modules, name)
            init_plugin_loader([str(COLLECTIONS)])
        yield


@pytest.fixture
def run_module(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict]:
    """Return a function that runs a module's main in this process and returns its result."""

    def run(module: ModuleType, **options: object) -> dict:
        capsys.readouterr()
        with patch_module_args(options), pytest.raises(SystemExit) as ended:
            module.main()
        result = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (ended.value.code != 0) == result.get("failed", False)
        return result

    return run
