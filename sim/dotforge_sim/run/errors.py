"""What a run refuses."""

__all__ = ["RunError"]


class RunError(Exception):
    """Operands or options that an engine does not take; the message is one line."""

    #: What is refused has computed nothing.
    refusal = True
