"""Files of PyTorch: weights that spandrel knows, TorchScript, and what is refused without being run."""

from __future__ import annotations

import importlib.util
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="files of PyTorch are read with the extra `spandrel`")

from interneg.engines.importing import torch_files  # noqa: E402
from interneg.engines.importing.importer import import_model  # noqa: E402
from interneg.engines.importing.wishes import Wishes  # noqa: E402
from interneg.engines.models import load_catalogue  # noqa: E402
from interneg.engines.source import Engines  # noqa: E402
from interneg.errors import EngineError, InputError, InternegError  # noqa: E402
from tests.engines.importing.torchvision_stand_in import stand_in  # noqa: E402

HINT = (
    "without torchvision they install by: "
    "pip install --no-deps spandrel spandrel-extra-arches safetensors einops"
)


@pytest.fixture(scope="module")
def spandrel() -> Iterator[Any]:
    if importlib.util.find_spec("spandrel") is None:
        pytest.skip(HINT)
    with pytest.MonkeyPatch.context() as patch:
        if importlib.util.find_spec("torchvision") is None:
            stand_in(patch)
        yield pytest.importorskip("spandrel.architectures", reason=HINT) and __import__("spandrel")


@pytest.fixture
def folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(torch_files, "_ONE_SIDE", 64)
    torch.manual_seed(1)
    return folder


def network(name: str, **facts: Any) -> Any:
    module = importlib.import_module(f"spandrel.architectures.{name}")
    return getattr(module, name)(**facts).eval()


def picture(planes: int = 3) -> Any:
    return np.random.default_rng(2).random((planes, 40, 48), np.float32)


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("Compact", {"num_feat": 8, "num_conv": 2, "upscale": 2}),
        ("SPAN", {"num_in_ch": 3, "num_out_ch": 3, "feature_channels": 8, "upscale": 2}),
        ("ESRGAN", {"num_filters": 8, "num_blocks": 1, "scale": 4}),
        ("DRUNet", {"in_nc": 4, "out_nc": 3, "nc": [4, 4, 8, 8], "nb": 2}),
        ("NAFNet", {"width": 4, "enc_blk_nums": [1], "middle_blk_num": 1, "dec_blk_nums": [1]}),
    ],
)
def test_weights_of_known_architectures_are_imported(
    spandrel: Any, folder: Path, tmp_path: Path, name: str, facts: dict[str, Any]
) -> None:
    net = network(name, **facts)
    path = tmp_path / "net.pth"
    torch.save({"params": net.state_dict()} if name == "SPAN" else net.state_dict(), path)
    done = import_model(path, Wishes(), folder)
    model = load_catalogue()["net"]
    assert model.input.channels == (("R", "G", "B", "sigma") if name == "DRUNet" else ("R", "G", "B"))
    planes = picture(len(model.input.channels))
    border = 40  # farther than any of them looks
    wide = np.pad(planes, ((0, 0), (border, border), (border, border)), mode="symmetric")
    with torch.no_grad():
        wanted = (
            spandrel.ModelLoader().load_from_file(path).model(torch.from_numpy(wide.copy())[None])[0].numpy()
        )
    scale = model.scale
    assert done.probed.how.scale == scale == facts.get("upscale", facts.get("scale", 1))
    inner = wanted[:, border * scale : -border * scale, border * scale : -border * scale]
    np.testing.assert_allclose(Engines("openvino").open("net").run(planes), inner, atol=1e-4)


def test_a_network_that_cannot_be_exported_for_any_size_is_for_one(
    spandrel: Any, folder: Path, tmp_path: Path
) -> None:
    net = network("SAFMN", dim=8, n_blocks=1, upscaling_factor=2)
    torch.save(net.state_dict(), tmp_path / "net.pth")
    graph, wishes = torch_files.graph_of(tmp_path / "net.pth", Wishes(), side=64)
    assert [d.dim_value for d in graph.graph.input[0].type.tensor_type.shape.dim] == [1, 3, 64, 64]
    assert (wishes.takes, wishes.layout) == ("0..1", "rgb")


def test_safetensors_are_read(spandrel: Any, folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file(
        network("Compact", num_feat=8, num_conv=2, upscale=2).state_dict(), tmp_path / "net.safetensors"
    )
    graph, _ = torch_files.graph_of(tmp_path / "net.safetensors", Wishes())
    assert graph.graph.node
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "net.safetensors").read_bytes()[:-50])
    with pytest.raises(InputError, match=r"cut.safetensors is no safetensors file, or is cut short"):
        torch_files.graph_of(tmp_path / "cut.safetensors", Wishes())


class Harmful:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("kind", [".pth", ".ckpt", ".pt"])
@pytest.mark.parametrize("by_torch", [True, False])
def test_a_pickle_that_runs_code_is_refused_and_does_not_run_it(
    spandrel: Any, folder: Path, tmp_path: Path, kind: str, by_torch: bool
) -> None:
    trace, path = tmp_path / "it-ran", tmp_path / f"net{kind}"
    held = {"weight": torch.zeros(2), "more": Harmful(trace)}
    if by_torch:
        torch.save(held, path)
    else:
        path.write_bytes(pickle.dumps(held))
    with pytest.raises(InputError, match="holds more than weights, which could run code, and was not opened"):
        import_model(path, Wishes(), folder)
    assert not trace.exists()
    assert not list(folder.iterdir())
    pickle.loads(pickle.dumps(Harmful(trace)))
    assert trace.exists(), "it would have"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings(
    "ignore:.torch.jit:FutureWarning"
)  # deprecated since torch 2.14, and still what others export
def test_torchscript_is_probed_like_any_graph(folder: Path, tmp_path: Path) -> None:
    class Warm(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("gains", torch.tensor([1.05, 1.0, 0.95]).reshape(1, 3, 1, 1))

        def forward(self, x: Any) -> Any:
            large = torch.nn.functional.interpolate(x, scale_factor=2.0, mode="bilinear")
            return (large * self.gains).clamp(0, 1)

    path = tmp_path / "warm.pt"
    torch.jit.trace(Warm(), torch.rand(1, 3, 32, 32)).save(str(path))
    import_model(path, Wishes(layout="rgb"), folder)
    assert load_catalogue()["warm"].scale == 2
    with torch.no_grad():
        wanted = Warm()(torch.from_numpy(picture())[None])[0].numpy()
    made = Engines("openvino").open("warm").run(picture())
    np.testing.assert_allclose(made[:, 4:-4, 4:-4], wanted[:, 4:-4, 4:-4], atol=1e-5)


def test_architectures_under_licences_of_their_own_are_read_where_these_are_accepted(
    spandrel: Any, folder: Path, tmp_path: Path
) -> None:
    extra = pytest.importorskip("spandrel_extra_arches.architectures.MPRNet", reason=HINT)
    net = extra.MPRNet(n_feat=8, scale_unetfeats=4, scale_orsnetfeats=4, num_cab=1).eval()
    path = tmp_path / "net.pth"
    torch.save(net.state_dict(), path)
    with pytest.raises(EngineError, match=r"or give --accept-extra-licences, for those of spandrel-extra"):
        torch_files.graph_of(path, Wishes())
    known = {known.architecture.id for known in spandrel.MAIN_REGISTRY}
    graph, wishes = torch_files.graph_of(path, Wishes(extra=True), side=32)
    assert graph.graph.node
    assert wishes.architecture == "MPRNet of spandrel-extra-arches, under a licence of its own"
    assert {known.architecture.id for known in spandrel.MAIN_REGISTRY} == known


def test_accepting_licences_says_what_to_install(
    spandrel: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "spandrel_extra_arches", None)
    torch.save({"weight": torch.zeros(3)}, tmp_path / "net.pth")
    with pytest.raises(EngineError, match=r"pip install 'interneg\[spandrel-extra-arches\]'"):
        torch_files.graph_of(tmp_path / "net.pth", Wishes(extra=True))


def test_what_spandrel_does_not_know_or_is_no_model_of_pictures_is_refused(
    spandrel: Any, folder: Path, tmp_path: Path
) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "odd.pth")
    with pytest.raises(EngineError, match=r"of no architecture that spandrel .* knows: export it to ONNX"):
        torch_files.graph_of(tmp_path / "odd.pth", Wishes())
    for name, data in {"cut.pth": (tmp_path / "odd.pth").read_bytes()[:-80], "text.pth": b"nothing"}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InternegError, match=f"{name} (is no file of PyTorch|holds more than weights)"):
            torch_files.graph_of(tmp_path / name, Wishes())
    (tmp_path / "net.bin").write_bytes(b"")
    with pytest.raises(InputError, match=r"net.bin is no file of a model that is known here \(.onnx, .pth"):
        import_model(tmp_path / "net.bin", Wishes(), folder)


def test_without_spandrel_it_says_what_to_install(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "spandrel", None)
    torch.save({"weight": torch.zeros(3)}, tmp_path / "net.pth")
    with pytest.raises(EngineError, match=r"pip install 'interneg\[spandrel\]'"):
        torch_files.graph_of(tmp_path / "net.pth", Wishes())
