"""The signature of a sequence of beats: a 32-bit shift register with feedback that beats are folded into."""

from collections.abc import Iterable

__all__ = ["POLYNOMIAL", "signature"]

#: x^32 + x^26 + x^23 + x^22 + x^16 + x^12 + x^11 + x^10 + x^8 + x^7 + x^5 + x^4 + x^2 + x + 1
POLYNOMIAL = 0x04C11DB7


def signature(beats: Iterable[int], width: int) -> int:
    """Return the signature of beats in order.

    For each beat the register is shifted by one towards its high end, with feedback, and the beat is added in
    words of 32 bits, the lowest first.

    Parameters
    ----------
    beats : unsigned, of ``width`` bits
    width : bits of a beat

    Raises
    ------
    ValueError
        A beat is negative or has more than ``width`` bits.
    """
    state = 0xFFFFFFFF
    for beat in beats:
        if not 0 <= beat < 1 << width:
            raise ValueError(f"{beat} does not fit {width} bits")
        state = (state << 1 & 0xFFFFFFFF) ^ (POLYNOMIAL if state >> 31 else 0)
        for low in range(0, width, 32):
            state ^= beat >> low & 0xFFFFFFFF
    return state
