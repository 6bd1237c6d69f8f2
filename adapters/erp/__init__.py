"""The ERP.net adapter (contract: erpnet.md): ``ErpNet`` implements the port ``Erp``.

Bottom up: ``transport`` (the wire), ``discovery`` and ``access`` (where and as whom), ``session`` (one request at a
time), ``odata``, ``batch``, ``faults``, ``parse``, ``bodies`` (ERP.net's formats, pure), then ``activities``,
``bearers``, ``colleagues``, ``write``, ``directory``, ``readiness``, ``probe`` (what is asked of it), and ``client``,
which is ``ErpNet`` itself.
"""

from adapters.erp.client import ErpNet
from adapters.erp.transport import ErpOptions

__all__ = ["ErpNet", "ErpOptions"]
