"""The error of all models."""

__all__ = ["ModelError"]


class ModelError(ValueError):
    """An input that a model does not take; the message is one line: what was given, what is allowed."""

    #: What is refused has computed nothing.
    refusal = True
