"""Says lines as the action next_step does: from a worker, while something else may be on the screen."""

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    _VALID_ARGS = frozenset(("lines", "msg", "result"))

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        for line in self._task.args.get("lines", []):
            self._display.display(line["text"], color=line.get("colour"))
        return {**result, **self._task.args.get("result", {})}
