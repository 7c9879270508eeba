"""Where everything is: the gateway's address, and behind it each function's own process."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Directory:
    """Addresses of one running stack, filled in as its parts start."""

    gateway: str  # such as http://127.0.0.1:8080
    functions: dict[str, str] = field(default_factory=dict)  # name → address of its process
    ready: set[str] = field(default_factory=set)  # functions whose process answers

    def function_url(self, name: str) -> str:
        """The public address of a function: a path of the gateway, the same for the life of the stack."""
        return f"{self.gateway}/{name}"

    def shortcut(self, url: str) -> str:
        """The same resource without the way through the gateway, for the stack's own calls to a function."""
        if not url.startswith(self.gateway + "/"):
            return url
        name, slash, rest = url[len(self.gateway) + 1 :].partition("/")
        bare, mark, query = name.partition("?")
        if (address := self.functions.get(bare)) is None:
            return url
        return f"{address}/{rest}" if slash else f"{address}/{mark}{query}"
