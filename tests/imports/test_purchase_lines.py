from decimal import Decimal

import pytest
from django.urls import reverse

from clientgroups.models import Purchase, StagedPurchase
from tests.imports.samples import PURCHASES

pytestmark = pytest.mark.django_db


def text_of(response):
    return response.content.decode()


def checked(upload, send_mapping, work_off, content, **changes):
    _, run = upload(content)
    response = send_mapping(run, **changes)
    assert response.status_code == 302, text_of(response)
    return work_off(run)


def test_missing_column_is_said_beside_its_field(client, sign_in, upload, send_mapping):
    sign_in("manager")
    _, run = upload("Customer,Colour\n1,red\n2,blue\n")

    response = send_mapping(run)

    errors = response.context["form"].errors
    assert response.status_code == 422
    assert errors["to_date"] == ["Choose the column that holds it."]
    assert "both quantity and unit price" in errors["to_amount"][0]
    run.refresh_from_db()
    assert run.state == "uploaded"


def test_ambiguous_dates_and_numbers_are_asked(client, sign_in, upload, send_mapping, work_off):
    sign_in("manager")
    _, run = upload("Customer;Date;Amount\n1;01/02/2024;1.234\n2;03/04/2024;2.500\n")

    response = send_mapping(run)

    assert {"date_order", "decimal"} <= set(response.context["form"].errors)
    assert send_mapping(run, date_order="dmy", decimal="comma").status_code == 302
    run = work_off(run)
    assert run.summary["first_on"] == "2024-02-01"
    assert run.summary["totals"] == {"CNY": "3734.00"}


def test_one_column_cannot_mean_two_things(client, sign_in, upload, send_mapping):
    sign_in("manager")
    _, run = upload(PURCHASES)

    response = send_mapping(run, to_quantity="3")

    assert "already chosen for “Amount”" in response.context["form"].errors["to_quantity"][0]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("9,A,2024-03-01,-5,CNY", "The amount -5 is negative. Correct it or, if it is a refund"),
        ("9,A,2024-03-01,abc,CNY", "“abc” is not a number (Amount)."),
        ("9,A,2999-03-01,5,CNY", "2999-03-01 lies in the future."),
        ("9,A,1850-03-01,5,CNY", "1850-03-01 lies before 1900."),
        ("9,A,sometime,5,CNY", "“sometime” is not a date in the chosen order."),
        ("9,A,,5,CNY", "The Date is missing."),
        (",A,2024-03-01,5,CNY", "The Customer number is missing."),
        ("9,A,2024-03-01,,CNY", "The Amount is missing."),
        ("9,A,2024-03-01,5,Pounds", "“Pounds” is not a currency."),
        ("9,A,2024-03-01,5", "The line has only 4 fields instead of 5."),
        ("9,A,2024-03-01,5,CNY,x,y", "The line has 7 fields instead of 5."),
        (f"{'9' * 90},A,2024-03-01,5,CNY", "longer than 80 characters"),
        ("9\x07,A,2024-03-01,5,CNY", "holds a control character"),
        ("9,A,2024-03-01,99999999999999,CNY", "is too large"),
    ],
)
def test_bad_line_is_named_and_the_others_stay(
    client, sign_in, upload, send_mapping, work_off, line, sentence
):
    sign_in("manager")

    run = checked(upload, send_mapping, work_off, PURCHASES + line + "\n")

    page = text_of(client.get(run.get_absolute_url()))
    assert sentence in page
    assert "Line 5" in page
    assert (run.summary["new_purchases"], run.summary["errors"]) == (3, 1)
    assert Purchase.objects.count() == 0


def test_refunds_are_kept_when_chosen(client, sign_in, upload, send_mapping, work_off):
    sign_in("manager")

    run = checked(
        upload, send_mapping, work_off, PURCHASES + "7,A,2024-03-01,(5.00),CNY\n", refunds="on"
    )

    assert (run.summary["errors"], run.summary["new_purchases"]) == (0, 4)
    assert StagedPurchase.objects.filter(amount=Decimal("-5.00")).count() == 1


NUMBERED = (
    "Customer,Date,Amount,Order number\n1,2024-01-01,5,A1\n1,2024-01-02,7,A1\n2,2024-01-03,9,A1\n"
)


def test_repeated_purchase_number_names_the_first_line(
    client, sign_in, upload, send_mapping, work_off
):
    sign_in("manager")

    run = checked(upload, send_mapping, work_off, NUMBERED)

    page = text_of(client.get(run.get_absolute_url()))
    assert "Purchase number A1 stands in line 2 already." in page
    assert "Purchase number A1 also stands in line 2 for another customer." in page
    assert (run.summary["new_purchases"], run.summary["errors"]) == (2, 1)


def test_lines_of_one_order_are_added_up(client, sign_in, upload, send_mapping, work_off):
    sign_in("manager")
    content = NUMBERED + "2,2024-01-04,1,A1\n"

    run = checked(upload, send_mapping, work_off, content, repeats="add")

    amounts = StagedPurchase.objects.order_by("line").values_list("amount", flat=True)
    assert list(amounts) == [Decimal("12.00"), Decimal("10.00")]
    assert "The line was added to line 2" in text_of(client.get(run.get_absolute_url()))


def test_orders_in_two_currencies_are_not_added_up(client, sign_in, upload, send_mapping, work_off):
    sign_in("manager")
    content = (
        "Customer,Date,Amount,Order number,Currency\n1,2024-01-01,5,A1,CNY\n1,2024-01-02,7,A1,EUR\n"
    )

    run = checked(upload, send_mapping, work_off, content, repeats="add")

    assert "has another currency in line 2" in text_of(client.get(run.get_absolute_url()))
    assert run.summary["new_purchases"] == 1


def test_equal_lines_are_two_purchases_and_noted(client, sign_in, upload, send_mapping, work_off):
    sign_in("manager")
    content = "Customer,Date,Amount\n1,2024-01-01,5\n1,2024-01-01,5\n1,2024-01-01,5.0\n"

    run = checked(upload, send_mapping, work_off, content)

    assert (run.summary["new_purchases"], run.summary["notes"]) == (3, 2)
    assert "The line repeats line 2 in every field." in text_of(client.get(run.get_absolute_url()))


def test_file_without_one_good_line_cannot_be_confirmed(
    client, sign_in, upload, send_mapping, work_off
):
    sign_in("manager")
    run = checked(upload, send_mapping, work_off, "Customer,Date,Amount\n1,2999-01-01,5\n")

    page = text_of(client.get(run.get_absolute_url()))
    response = client.post(
        reverse("imports:run_confirm", args=[run.pk]), {"as_of": "2024-01-01"}, follow=True
    )

    assert "Nothing of this file can be imported." in page
    assert "has to be checked before it can be confirmed" in text_of(response)
