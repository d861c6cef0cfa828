"""Credit notes: one dbt operation, one transaction, as the finance role."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from orchestration.operations import run_operation
from warehouse import MeterhouseError, Warehouse

_AMOUNT = re.compile(r"[0-9]{1,26}(\.[0-9]{1,12})?")


@dataclass(frozen=True)
class CreditWish:
    """What a credit note is to take off.

    Attributes:
        invoice_number: The closed invoice.
        reason: Why; it is written down.
        issued_by: Who; it is written down.
        issued_at: The instant of issue, with a zone.
        line_number: The line that an amount is taken off; None for all that is left of the invoice.
        amount: The amount in major units, as written; None for all that is left.
        is_billed_again: Whether later drafts bill again what is taken off.
    """

    invoice_number: str
    reason: str
    issued_by: str
    issued_at: datetime
    line_number: int | None = None
    amount: str | None = None
    is_billed_again: bool = False


def issue_credit_note(warehouse: Warehouse, wish: CreditWish) -> str:
    """Issues a credit note on a closed invoice.

    Args:
        warehouse: The opened warehouse.
        wish: What it takes off.

    Returns:
        The number of the note.

    Raises:
        MeterhouseError: There is no such line, or not so much is left of it.
    """
    if not wish.reason.strip() or not wish.issued_by.strip():
        raise MeterhouseError(
            "A credit note needs a reason and somebody who issues it.",
            remedy="say --reason and --who",
        )
    if wish.amount is not None and (
        not _AMOUNT.fullmatch(wish.amount) or not wish.amount.strip("0.")
    ):
        raise MeterhouseError(
            f"'{wish.amount}' is not an amount to credit.",
            remedy="write a positive amount in major units, for example 12.50",
        )
    messages = run_operation(
        warehouse,
        "issue_credit_note",
        {
            "invoice_number": wish.invoice_number,
            "reason": wish.reason,
            "issued_by": wish.issued_by,
            "issued_at": wish.issued_at.isoformat(),
            "line_number": wish.line_number,
            "amount": wish.amount,
            "is_counted_as_billed": wish.is_billed_again,
        },
        refused=f"Invoice {wish.invoice_number} was not credited; nothing was changed.",
    )
    numbers = [message.removeprefix("Issued: ") for message in messages if "Issued: " in message]
    return numbers[0]
