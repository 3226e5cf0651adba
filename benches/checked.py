"""The invoice with a validator of the user's on half of its fields: 10 of 19, of every kind that a field is of."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from benches.invoice import Address, Customer, Invoice, LineItem


def text(value: str) -> str:
    if not value.strip():
        message = "there is nothing in it"
        raise ValueError(message)
    return value


def number(value: float) -> float:
    if value >= 1e9:
        message = "that is too much"
        raise ValueError(message)
    return value


Text = Annotated[str, AfterValidator(text)]


class CheckedAddress(Address):
    zip: Text


class CheckedCustomer(Customer):
    name: Text
    email: Text
    address: CheckedAddress


class CheckedLineItem(LineItem):
    sku: Text
    description: Text
    quantity: Annotated[int, Field(ge=0), AfterValidator(number)]
    unit_price: Annotated[float, AfterValidator(number)]


class CheckedInvoice(Invoice):
    customer: CheckedCustomer
    status: Annotated[Literal["open", "paid", "void"], AfterValidator(text)]
    summary: Text
    items: list[CheckedLineItem]  # type: ignore[assignment]  # lists are invariant; nobody appends to it
    total: Annotated[float, AfterValidator(number)]


def alone(invoice: Invoice) -> None:
    """Nothing but the calls of the validators, once for each value of this invoice."""
    customer = invoice.customer
    for value in (customer.name, customer.email, customer.address.zip, invoice.status, invoice.summary):
        text(value)
    number(invoice.total)
    for item in invoice.items:
        text(item.sku)
        text(item.description)
        number(item.quantity)
        number(item.unit_price)
