"""Stands for Terraform: it takes its time."""

import time

from ansible.module_utils.basic import AnsibleModule

if __name__ == "__main__":
    module = AnsibleModule({"state": {}, "seconds": {"type": "float"}})
    time.sleep(module.params["seconds"])
    module.exit_json(changed=module.params["state"] == "present", stdout="a hidden thing")
