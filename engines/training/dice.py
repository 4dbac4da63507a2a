"""The randomness of a training run: what it draws can be kept and taken up again."""

import torch
from torch import Tensor


class Dice:
    """Randomness of one run: a CPU generator for choices, a device generator for pixels."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        self.host = torch.Generator().manual_seed(seed)
        self.local = torch.Generator(device).manual_seed(seed + 1)

    def number(self, low: float = 0.0, high: float = 1.0) -> float:
        """A choice, evenly from ``low`` to below ``high``."""
        return low + (high - low) * float(torch.rand((), generator=self.host))

    def whole(self, count: int) -> int:
        """A choice out of 0 to ``count`` - 1."""
        return int(torch.randint(count, (), generator=self.host))

    def uniform(self, count: int, low: float, high: float) -> Tensor:
        """(count,) float32, evenly from ``low`` to below ``high``."""
        return low + (high - low) * torch.rand(count, generator=self.local, device=self.device)

    def below(self, count: int, limit: int) -> Tensor:
        """(count,) int64 of 0 to ``limit`` - 1."""
        return torch.randint(limit, (count,), generator=self.local, device=self.device)

    def normal(self, *shape: int) -> Tensor:
        """Float32 of a mean of 0 and a deviation of 1, of any shape."""
        return torch.randn(shape, generator=self.local, device=self.device)

    def state(self) -> tuple[Tensor, Tensor]:
        """What a checkpoint keeps: of each generator its (bytes,) uint8, the CPU's first."""
        return self.host.get_state(), self.local.get_state()

    def restore(self, state: tuple[Tensor, Tensor]) -> None:
        """Go on where ``state`` was taken; of each generator (bytes,) uint8, the CPU's first."""
        self.host.set_state(state[0])
        self.local.set_state(state[1])
