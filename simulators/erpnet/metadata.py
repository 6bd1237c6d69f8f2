"""The model as JSON, ``/api/domain/standardmodel/{Set}`` (erpnet.md §1): the fields a client may rely on."""

from __future__ import annotations

from simulators.erpnet.model import Attr, EntitySet, Ref
from simulators.erpnet.world import Json

_TYPES = {
    "str": "Edm.String",
    "ml": "Erp.MultilanguageString",
    "bool": "Edm.Boolean",
    "int": "Edm.Int32",
    "dec": "Edm.Decimal",
    "guid": "Edm.Guid",
}
_FILTERS = {"eq": "Equals", "in": "EqualsIn", "range": "GreaterThanOrLessThan", "like": "Like"}


def describe(entity: EntitySet) -> Json:
    """One repository in detail."""
    return {
        "Name": entity.name,
        "TableName": entity.table,
        "RepositoryName": entity.repository,
        "IsAggregateRoot": not entity.owner,
        "ObjectType": entity.kind,
        "Attributes": [_attribute(a) for a in entity.attrs.values()],
        "References": [_reference(r) for r in entity.refs.values()],
        "ChildCollections": [{"Name": c.name, "ChildEntitySet": c.target} for c in entity.children.values()],
    }


def _attribute(attr: Attr) -> Json:
    filters = ", ".join(_FILTERS[f] for f in attr.filters.split()) or "NotFilterable"
    return {
        "Name": attr.name,
        "Type": _type(attr),
        "ReadOnly": attr.read_only,
        "BaseInfo": {
            "DateTimeUtc": attr.kind == "utc",
            "SupportedFilters": filters,
            "MaxLength": attr.size,
            "Nullable": not attr.required,
            "Orderable": attr.orderable,
            "DefaultValueType": "None" if attr.default is None else "Constant",
        },
    }


def _type(attr: Attr) -> str:
    if attr.kind == "enum":
        return f"Erp.{attr.name}"
    return _TYPES.get(attr.kind, "Edm.DateTimeOffset")


def _reference(ref: Ref) -> Json:
    return {
        "Name": ref.name,
        "ReferencedEntitySet": ref.target,
        "ReadOnly": ref.read_only,
        "IsFilterable": ref.through,
        "BaseInfo": {"Nullable": not ref.required},
    }
