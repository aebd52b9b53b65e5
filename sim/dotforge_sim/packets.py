"""Packets of flexdpu: tiles of compressed matrices to the bytes that a DMA engine sends, and results back.

The format is that of :mod:`dotforge_golden.packet_format`; ``flexdpu_packets.h`` is the same in C.
"""

from dotforge_golden.packet_format import BEATS, FORMATS, Kind, PacketError, Tile
from dotforge_golden.packets import compress, pack, unpack, unpack_stream

__all__ = ["BEATS", "FORMATS", "Kind", "PacketError", "Tile", "compress", "pack", "unpack", "unpack_stream"]
