"""ONNX models: initialisers, also those in files beside the model."""

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import RunError
from .tensor import Tensor, in_memory

__all__ = ["OnnxFile"]


class OnnxFile:
    """The initialisers of a model, those inside of sub-graphs left out.

    Parameters
    ----------
    path : of the model
    operand : for messages

    Attributes
    ----------
    names : of the initialisers
    graph : of the model
    opset : version of the default operators

    Raises
    ------
    RunError
        It is missing, no model, or the library is not installed.
    """

    def __init__(self, path: Path, operand: str) -> None:
        self.path, self._operand = path, operand
        try:
            import onnx  # noqa: PLC0415
            from google.protobuf.message import DecodeError  # noqa: PLC0415
        except ImportError:
            raise RunError(
                f"{operand}: {path} needs the package onnx: pip install 'dotforge[models]'"
            ) from None
        if not path.is_file():
            raise RunError(f"{operand}: {path} does not exist")
        try:
            model = onnx.load(str(path), load_external_data=False)
        except (DecodeError, OSError, ValueError) as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise RunError(f"{operand}: {path} is not an ONNX model ({said})") from None
        self.graph: Any = model.graph
        self.opset = next(
            (entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 0
        )
        self._initialisers = {entry.name: entry for entry in self.graph.initializer}
        self.names = list(self._initialisers)
        if not self.names and not len(self.graph.node):
            raise RunError(f"{operand}: {path} is not an ONNX model (it has neither nodes nor initialisers)")

    def array(self, name: str) -> np.ndarray:
        """Return an initialiser; one that lies in another file must lie below the model's directory.

        Parameters
        ----------
        name : one of ``names``

        Raises
        ------
        RunError
            Its data are not there, or are less than its shape says.
        """
        from onnx import TensorProto, numpy_helper  # noqa: PLC0415
        from onnx.external_data_helper import load_external_data_for_tensor, uses_external_data  # noqa: PLC0415

        entry = TensorProto()
        entry.CopyFrom(self._initialisers[name])
        try:
            if uses_external_data(entry):
                load_external_data_for_tensor(entry, str(self.path.absolute().parent))
            return numpy_helper.to_array(entry)
        except Exception as error:  # the library raises its own, of no common kind
            said = " ".join(str(error).split()) or type(error).__name__
            raise RunError(f"{self._operand}: {self.path}:{name} is damaged ({said})") from None

    def tensor(self, name: str) -> Tensor:
        """Return an initialiser as other files do."""
        return in_memory(self.array(name))
