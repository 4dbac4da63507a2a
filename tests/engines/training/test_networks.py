import copy

import pytest
import torch
from torch.nn import functional as F

from interneg.engines.training.export import one_scale
from interneg.engines.training.networks import base, build, restore

LIMITS = {"lite": 100_000, "standard": 1_000_000}


def lively(name: str) -> torch.nn.Module:
    """A network whose heads say something."""
    torch.manual_seed(3)
    net = build(name, (1, 2, 4))
    with torch.no_grad():
        for weights in net.parameters():
            weights.add_(torch.randn_like(weights) * 0.02)
    return net.eval()


@pytest.mark.parametrize("name", ["lite", "standard"])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_deployed_equals_trained(name: str, scale: int) -> None:
    net = lively(name)
    planes = torch.rand(1, 6, 26, 30)
    with torch.no_grad():
        trained = net(planes, scale)
        deployed = one_scale(name, net.state_dict(), scale)(planes)
    assert trained.shape == (1, 3, 26 * scale, 30 * scale)
    torch.testing.assert_close(deployed, trained, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["lite", "standard"])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_parameters_stay_within_the_limit(name: str, scale: int) -> None:
    model = one_scale(name, build(name, (1, 2, 4)).state_dict(), scale)
    assert sum(p.numel() for p in model.parameters()) <= LIMITS[name]


def test_lite_is_plain_when_deployed() -> None:
    model = one_scale("lite", build("lite", (1, 2, 4)).state_dict(), 2)
    leaves = {type(m).__name__ for m in model.modules() if not list(m.children())}
    assert leaves == {"Conv2d"}
    assert all(m.kernel_size == (3, 3) for m in model.modules() if isinstance(m, torch.nn.Conv2d))


@pytest.mark.parametrize("name", ["lite", "standard"])
def test_nothing_beyond_the_halo_is_seen(name: str) -> None:
    net = lively(name)
    planes = torch.rand(1, 6, 64, 64)
    changed = copy.deepcopy(planes)
    changed[..., 32 + net.halo :] += 0.5
    with torch.no_grad():
        difference = (net(planes, 1) - net(changed, 1)).abs().amax((0, 1, 2))
    assert float(difference[:32].max()) == 0.0
    assert float(difference[32 + net.halo :].max()) > 0.0


def test_base_is_bicubic_and_the_correction_is_added() -> None:
    net = lively("lite")
    planes = torch.rand(1, 6, 12, 14)
    large = F.interpolate(planes[:, :3], scale_factor=2, mode="bicubic", align_corners=False)
    assert torch.equal(base(planes, 2), large)
    assert torch.equal(base(planes, 1), planes[:, :3])
    torch.testing.assert_close(restore(net, planes, 2), large + net(planes, 2))


def test_unknown_network_is_named() -> None:
    with pytest.raises(ValueError, match="'liet' is not one of lite, standard"):
        build("liet", (1,))
