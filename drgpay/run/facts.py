"""What the reports of a run say of it as a whole, of stays and of visits alike."""

from drgpay.results.month import RunFacts
from drgpay.run.rules import PaymentRules
from drgpay.run.visit_rules import VisitPaymentRules


def run_facts(
    run_id: str, period: str, rules: PaymentRules | VisitPaymentRules, **counts: int
) -> RunFacts:
    """The facts of a part of a run; counts: read, valid, quarantined, warnings."""
    policy, scheme = rules.policy, rules.scheme
    return RunFacts(
        run_id=run_id,
        period=period,
        region=policy.policy.region,
        policy=f"{policy.policy.name}（{policy.policy.id}）",
        scheme=f"{scheme.info.name}（{scheme.info.id}）",
        catalogue=rules.catalogue.info.id,
        method=policy.settlement.method,
        value_places=policy.settlement.value_places,
        deducted_points=policy.settlement.deducted_points,
        **counts,
    )
