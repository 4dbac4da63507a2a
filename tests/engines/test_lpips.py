"""LPIPS by small made-up weights, against the formula written out in NumPy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="LPIPS needs torch")

from interneg.engines.lpips import Lpips  # noqa: E402
from interneg.errors import InputError  # noqa: E402
from interneg.frame import Pixels  # noqa: E402

ALEX = ((0, 3, 64, 11), (3, 64, 192, 5), (6, 192, 384, 3), (8, 384, 256, 3), (10, 256, 256, 3))
VGG = tuple(
    (n, a, b, 3)
    for n, a, b in zip(
        (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),
        (3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512),
        (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512),
        strict=True,
    )
)
WIDTHS = {ALEX: (64, 192, 384, 256, 256), VGG: (64, 128, 256, 512, 512)}


def stored(folder: Path, shapes: tuple[tuple[int, int, int, int], ...]) -> tuple[Path, Path]:
    """The network's file, as torchvision names its weights, and that of the channels, as lpips does."""
    dice = torch.Generator().manual_seed(4)
    network, channels = {}, {}
    for number, inputs, outputs, side in shapes:
        kernel = torch.randn(outputs, inputs, side, side, generator=dice)
        network[f"features.{number}.weight"] = kernel * (2 / (inputs * side * side)) ** 0.5
        network[f"features.{number}.bias"] = 0.1 * torch.randn(outputs, generator=dice)
    for k, width in enumerate(WIDTHS[shapes]):
        channels[f"lin{k}.model.1.weight"] = torch.rand(1, width, 1, 1, generator=dice)
    torch.save(network, folder / "network.pth")
    torch.save(channels, folder / "channels.pth")
    return folder / "network.pth", folder / "channels.pth"


def pictures(height: int = 40, width: int = 52) -> tuple[Pixels, Pixels]:
    first, second = np.random.default_rng(2).random((2, 3, height, width), np.float32)
    return first, second


def test_it_is_the_formula(tmp_path: Path) -> None:
    """The first layer's share alone, all others having weights of 0."""
    network, channels = stored(tmp_path, ALEX)
    held = torch.load(channels, weights_only=True)
    for k in range(1, 5):
        held[f"lin{k}.model.1.weight"].zero_()
    torch.save(held, channels)
    kernels = torch.load(network, weights_only=True)
    kernel, bias = (kernels[f"features.0.{p}"].numpy().astype(np.float64) for p in ("weight", "bias"))

    def features(picture: Pixels) -> np.ndarray:
        shift, spread = ((-0.030, -0.088, -0.188), (0.458, 0.448, 0.450))
        scaled = (2 * picture - 1 - np.reshape(shift, (3, 1, 1))) / np.reshape(spread, (3, 1, 1))
        wide = np.pad(scaled, ((0, 0), (2, 2), (2, 2)))
        views = np.lib.stride_tricks.sliding_window_view(wide, (11, 11), (1, 2))[:, ::4, ::4]
        made = np.maximum(np.einsum("cyxab,ocab->oyx", views, kernel) + bias[:, None, None], 0)
        return np.asarray(made / (np.sqrt((made**2).sum(0)) + 1e-10))

    first, second = pictures()
    apart = (features(first) - features(second)) ** 2
    weights = held["lin0.model.1.weight"].numpy().reshape(-1, 1, 1)
    expected = float((weights * apart).sum(0).mean())
    assert Lpips([network, channels]).distance(first, second) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("shapes", "name"), [(ALEX, "AlexNet"), (VGG, "VGG-16")])
def test_one_file_and_two_are_the_same_and_equal_pictures_are_0_apart(
    tmp_path: Path, shapes: tuple[tuple[int, int, int, int], ...], name: str
) -> None:
    network, channels = stored(tmp_path, shapes)
    whole = {
        f"net.slice1.{key.removeprefix('features.')}": value
        for key, value in torch.load(network, weights_only=True).items()
    } | torch.load(channels, weights_only=True)
    torch.save(whole, tmp_path / "whole.pth")
    first, second = pictures()
    one, two = Lpips([tmp_path / "whole.pth"]), Lpips([channels, network])
    assert one.network == two.network == name
    assert one.distance(first, second) == two.distance(first, second) > 0.01
    assert one.distance(first, first) == 0
    near = np.asarray(first + 0.02 * (second - 0.5), np.float32)
    assert one.distance(first, near) < 0.5 * one.distance(first, second)


def test_files_that_lack_something_are_refused(tmp_path: Path) -> None:
    network, channels = stored(tmp_path, ALEX)
    (tmp_path / "text.pth").write_text("no weights")
    (tmp_path / "vgg").mkdir()
    other = stored(tmp_path / "vgg", VGG)[1]
    for files, says in (
        ([network], "lin0.model.1.weight is missing, for LPIPS by AlexNet: give both"),
        ([channels], "no weights of AlexNet or VGG-16 are in there"),
        ([network, other], "are those of another network"),
        ([tmp_path / "text.pth"], "is no file of weights, or holds more than weights.*give a state_dict$"),
        ([tmp_path / "gone.pth"], "gone.pth cannot be read: No such file"),
    ):
        with pytest.raises(InputError, match=says):
            Lpips(files)
    with pytest.raises(InputError, match="32x32 pixels and more"):
        Lpips([network, channels]).distance(*pictures(20, 50))


def test_without_torch_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from interneg.engines.lpips import Lpips\n"
        "from interneg.errors import EngineError\n"
        "try:\n    Lpips([])\nexcept EngineError as error:\n    print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.startswith("LPIPS needs torch: pip install torch")
