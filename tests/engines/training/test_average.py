import torch

from interneg.engines.training.average import average
from interneg.engines.training.networks import adopt, build


def test_a_share_of_nothing_is_the_first_and_of_all_is_the_second() -> None:
    torch.manual_seed(4)
    lite, standard = build("lite", (2,)), build("standard", (2,))
    with torch.no_grad():
        for weights in standard.parameters():
            weights.add_(torch.randn_like(weights) * 0.02)
    planes = torch.rand(1, 6, 16, 20)
    results = []
    for share in (0.0, 1.0):
        mixed = build("standard", (2,))
        mixed.load_state_dict(average("standard", [2], lite.state_dict(), standard.state_dict(), share))
        with torch.no_grad():
            results.append(mixed(planes, 2))
    with torch.no_grad():
        torch.testing.assert_close(results[0], lite(planes, 2))
        torch.testing.assert_close(results[1], standard(planes, 2))


def test_weights_between_are_between() -> None:
    first, second = build("lite", (1,)), build("lite", (1,))
    adopt(second, first.state_dict())
    with torch.no_grad():
        for weights in second.parameters():
            weights.add_(1)
    mixed = average("lite", [1], first.state_dict(), second.state_dict(), 0.25)
    for name, weights in first.state_dict().items():
        torch.testing.assert_close(mixed[name], weights + 0.25)
