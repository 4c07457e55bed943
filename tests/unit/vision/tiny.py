"""Makes tiny.onnx, the network of test_model.c: each output is a fixed linear map of the photo's mean colour, so that
the test can compute what must come out. Needs python3-torch; run it only to change the network."""
import torch

HEADS = {"severity": 3, "part": 7, "type": 3, "damaged": 1, "embedding": 8}


class Tiny(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = torch.nn.ModuleList()
        for h, n in enumerate(HEADS.values()):
            layer = torch.nn.Linear(3, n)
            k = torch.arange(n).float()
            layer.weight.data = torch.stack([((k * 3 + c + h) % 7 - 3) / 4 for c in range(3)], 1)
            layer.bias.data = (k + h) / 10
            self.heads.append(layer)

    def forward(self, photo):
        x = torch.nn.functional.adaptive_avg_pool2d(photo, 1).flatten(1)
        out = [layer(x) for layer in self.heads]
        out[-1] = torch.nn.functional.normalize(out[-1], dim=1)
        return tuple(out)


torch.onnx.export(Tiny().eval(), torch.zeros(1, 3, 32, 32), "tiny.onnx", opset_version=11, input_names=["photo"],
                  output_names=list(HEADS), dynamic_axes={k: {0: "n"} for k in ["photo"] + list(HEADS)})
