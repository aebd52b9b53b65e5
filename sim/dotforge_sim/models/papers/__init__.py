"""The numbers that the source papers print, each with the formula that gives it or with what is missing."""

from .entry import Printed, Status, checked
from .lists import PAPERS, entries

__all__ = ["PAPERS", "Printed", "Status", "checked", "entries"]
