"""GET /openapi.json: every path of this service, made from the table of hooks."""

from cds_service.web.openapi.document import OpenApiDocument, openapi_document

__all__ = ["OpenApiDocument", "openapi_document"]
