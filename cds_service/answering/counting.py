"""What the log's line and the metrics say of a call: counts, closed words and our own ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from cds_service.answering.showing import Judged
from cds_service.assessing import Failures
from cds_service.hooks.call import HookCall
from cds_service.hooks.gathering import Gathered


def order_counts(call: HookCall, prompts: Mapping[str, str]) -> dict[str, Any]:
    """How many orders a call was about; nothing for hooks that are not about orders."""
    if call.orders is None:
        return {}
    orders = call.orders
    return {"orders": len(orders.about), "orders_of_others": orders.foreign, "prompted": len(prompts)}


def read_counts(gathered: Gathered) -> dict[str, Any]:
    """What was read, and what was not."""
    return {
        "prefetched": gathered.from_prefetch,
        "fetched": gathered.fetched,
        "searches": len(gathered.searches),
        "gaps": len(gathered.gaps),
    }


def counts_of(
    call: HookCall, prompts: Mapping[str, str], gathered: Gathered, judged: Judged, failures: Failures
) -> dict[str, Any]:
    """All of it."""
    silenced = Counter(one.silenced for one in judged.decisions.values() if one.silenced)
    return {
        **order_counts(call, prompts),
        **read_counts(gathered),
        "outcomes": dict(Counter(one.outcome for one in judged.assessments)),
        "cards": sum(one.shown for one in judged.decisions.values()),
        **({"silenced": dict(silenced)} if silenced else {}),
        "failed": failures.count,
    }
