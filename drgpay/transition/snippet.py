"""The section of a policy by which a new scheme is phased in: neutral factors and shares, to be pasted."""

from drgpay.base.language import Language
from drgpay.transition.outcome import Transition
from drgpay.transition.tables import machine_tables, said

SNIPPET = "policy-phase-in.toml"


def phase_in_section(found: Transition, language: Language) -> str:
    """[points.phase_in] with the factors found here, and the shares that the file gives.

    Without shares the line of them is a remark: what the shares are is for the policy to say.
    """
    rows = machine_tables(found)["factors"].select("account", "k").iter_rows()
    factors = ", ".join(f"{_key(account)} = {k}" for account, k in rows)
    given = found.job.file.phase_in
    lines = [
        f"# {said('snippet_head', language, name=found.job.file.name.replace(chr(10), ' '))}",
        f"# {said('snippet_job', language, scheme=found.rules.old.scheme.info.id)}",
        "[points.phase_in]",
        f"factors = {{ {factors} }}",
    ]
    if given:
        shares = ", ".join(
            f'"{month}" = {share}' for month, share in sorted(given.share_by_month.items())
        )
        lines.append(f"share_by_month = {{ {shares} }}")
    else:
        lines += [
            f"# {said('snippet_shares', language)}",
            '# share_by_month = { "2027-01" = 0.25, "2027-07" = 0.5, "2028-01" = 1 }',
        ]
    return "\n".join(lines) + "\n"


def _key(account: str) -> str:
    """A key of TOML: bare where it may be."""
    bare = account.isascii() and account.replace("-", "").replace("_", "").isalnum()
    return account if bare else f'"{account}"'
