"""HealthChain with an empty handler. Runs in a virtual environment of its own, which has nothing of ours."""

from __future__ import annotations

import logging

from healthchain.gateway import CDSHooksService, HealthChainAPI  # type: ignore[import-not-found]
from healthchain.models.requests import CDSRequest  # type: ignore[import-not-found]
from healthchain.models.responses.cdsresponse import CDSResponse  # type: ignore[import-not-found]

logging.disable(logging.WARNING)
hooks = CDSHooksService()


@hooks.hook("patient-view", id="empty", title="Empty", description="Answers that there are no cards")  # type: ignore[untyped-decorator]
def no_cards(_request: CDSRequest) -> CDSResponse:
    return CDSResponse(cards=[])


app = HealthChainAPI()
app.register_service(hooks)
