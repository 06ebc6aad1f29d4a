"""Resources of several servers in one record: ids are unique on one server only (FHIR R4, Resource.id)."""
