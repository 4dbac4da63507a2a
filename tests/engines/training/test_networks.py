import copy

import pytest
import torch
from torch.nn import functional as F

from interneg.engines.training.export import one_scale
from interneg.engines.training.networks import adopt, base, build, restore

LIMITS = {"lite": 100_000, "standard": 1_500_000}


def lively(name: str, scale: int) -> torch.nn.Module:
    """A network whose heads say something."""
    torch.manual_seed(3)
    net = build(name, (scale,))
    with torch.no_grad():
        for weights in net.parameters():
            weights.add_(torch.randn_like(weights) * 0.02)
    return net.eval()


@pytest.mark.parametrize("name", ["lite", "standard"])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_deployed_equals_trained(name: str, scale: int) -> None:
    net = lively(name, scale)
    planes = torch.rand(1, 6, 28, 36)
    with torch.no_grad():
        trained = net(planes, scale)
        deployed = one_scale(name, net.state_dict(), scale)(planes)
    assert trained.shape == (1, 3, 28 * scale, 36 * scale)
    torch.testing.assert_close(deployed, trained, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["lite", "standard"])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_parameters_stay_within_the_limit(name: str, scale: int) -> None:
    model = one_scale(name, build(name, (scale,)).state_dict(), scale)
    assert sum(p.numel() for p in model.parameters()) <= LIMITS[name]


def test_lite_is_plain_when_deployed() -> None:
    model = one_scale("lite", build("lite", (2,)).state_dict(), 2)
    leaves = {type(m).__name__ for m in model.modules() if not list(m.children())}
    assert leaves == {"Conv2d"}
    assert all(m.kernel_size == (3, 3) for m in model.modules() if isinstance(m, torch.nn.Conv2d))


@pytest.mark.parametrize("name", ["lite", "standard"])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_nothing_beyond_the_halo_is_seen(name: str, scale: int) -> None:
    net = one_scale(name, lively(name, scale).state_dict(), scale)
    halo = net.net.halo
    for edge in (128, 128 + halo % 4):  # the grids of 2x2 and 4x4 pixels, cut at two places
        planes = torch.rand(1, 6, 32, 256)
        changed = copy.deepcopy(planes)
        changed[..., edge + halo :] += 0.5
        with torch.no_grad():
            difference = (net(planes) - net(changed)).abs().amax((0, 1, 2))
        assert float(difference[: edge * scale].max()) == 0.0
        assert float(difference[(edge + halo) * scale :].max()) > 0.0


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_standard_starts_as_good_as_lite(scale: int) -> None:
    lite, standard = build("lite", (scale,)), build("standard", (scale,))
    adopt(standard, lite.state_dict())
    planes = torch.rand(1, 6, 32, 40)
    with torch.no_grad():
        torch.testing.assert_close(standard(planes, scale), lite(planes, scale), rtol=1e-5, atol=1e-6)


def test_weights_of_another_network_are_not_adopted() -> None:
    with pytest.raises(ValueError, match="no weights in common with Lite"):
        adopt(build("lite", (1,)), {"stem.weight": torch.zeros(3)})


def test_base_is_bicubic_and_the_correction_is_added() -> None:
    net = lively("lite", 2)
    planes = torch.rand(1, 6, 12, 14)
    large = F.interpolate(planes[:, :3], scale_factor=2, mode="bicubic", align_corners=False)
    assert torch.equal(base(planes, 2), large)
    assert torch.equal(base(planes, 1), planes[:, :3])
    torch.testing.assert_close(restore(net, planes, 2), large + net(planes, 2))


def test_unknown_network_is_named() -> None:
    with pytest.raises(ValueError, match="'liet' is not one of lite, standard"):
        build("liet", (1,))
