"""The exported model in service: a bundle opened, verified and asked, through ONNX Runtime and without torch.

`seal` and `verify` know the files, `model` the answers; the first imports nothing heavy.
"""
