import torch

from interneg.engines.training.muon import Muon, orthogonal


def test_singular_values_come_near_one_and_the_frame_is_kept() -> None:
    torch.manual_seed(2)
    for shape in ((3, 8, 40), (2, 40, 8)):
        matrices = torch.randn(shape)
        result = orthogonal(matrices)
        values = torch.linalg.svdvals(result)
        assert float(values.min()) > 0.6
        assert float(values.max()) < 1.3
        left, _, right = torch.linalg.svd(matrices, full_matrices=False)
        nearest = left @ right
        assert float(torch.nn.functional.cosine_similarity(result.flatten(), nearest.flatten(), 0)) > 0.97


def test_it_finds_a_kernel_whose_inputs_differ_in_size() -> None:
    torch.manual_seed(3)
    truth = torch.randn(4, 3, 3, 3)
    kernel = torch.nn.Parameter(torch.zeros_like(truth))
    sizes = torch.tensor([1.0, 0.1, 3.0]).view(1, 3, 1, 1)
    optimiser = Muon([kernel], lr=0.05)
    losses = []
    for step in range(300):
        optimiser.param_groups[0]["lr"] = 0.05 * (1 - step / 300)
        x = torch.randn(4, 3, 8, 8) * sizes
        loss = (torch.conv2d(x, kernel) - torch.conv2d(x, truth)).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert sum(losses[-10:]) < 0.02 * sum(losses[:10])


def test_kernels_without_a_gradient_stay() -> None:
    used, unused = (torch.nn.Parameter(torch.ones(2, 2, 1, 1)) for _ in range(2))
    optimiser = Muon([used, unused], lr=0.1)
    used.sum().backward()
    optimiser.step()
    assert torch.equal(unused, torch.ones(2, 2, 1, 1))
    assert not torch.equal(used, torch.ones(2, 2, 1, 1))
