"""A module with a fault of its own."""

from ansible.module_utils.basic import AnsibleModule

if __name__ == "__main__":
    AnsibleModule({})
    raise ValueError("nobody has foreseen this")
