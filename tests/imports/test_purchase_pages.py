import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, User
from clientgroups.models import Client, Purchase, StagedPurchase
from imports.models import ImportRun
from tests.imports.samples import PURCHASES, workbook

pytestmark = pytest.mark.django_db


def text_of(response):
    return response.content.decode()


def checked(upload, send_mapping, work_off, content, **changes):
    _, run = upload(content)
    response = send_mapping(run, **changes)
    assert response.status_code == 302, text_of(response)
    return work_off(run)


def test_purchases_from_upload_to_clients(client, sign_in, upload, send_mapping, work_off):
    user = sign_in("manager")

    response, run = upload(PURCHASES)
    assert response.status_code == 302
    send_mapping(run)
    run = work_off(run)
    page = client.get(run.get_absolute_url())
    assert "Import it?" in text_of(page)
    client.post(reverse("imports:run_confirm", args=[run.pk]), {"as_of": "2024-04-05"})
    run = work_off(run)

    assert run.state == ImportRun.State.APPLIED
    assert (Client.objects.count(), Purchase.objects.count()) == (2, 3)
    first = Client.objects.get(external_id="00007")
    assert (first.name, first.owner, first.purchase_count) == ("Lin Trading", user, 2)
    assert "3 purchases were imported." in text_of(client.get(run.get_absolute_url()))
    assert not run.file
    verbs = AuditEvent.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs)[:2] == ["import.uploaded", "import.confirmed"]
    assert {"import.applied", "purchases.imported"} <= set(verbs)


def test_report_names_lines_and_download_is_harmless(
    client, sign_in, upload, send_mapping, work_off
):
    sign_in("manager")
    content = PURCHASES + "=HYPER,Evil,2024-03-05,abc,CNY\n"

    run = checked(upload, send_mapping, work_off, content)

    page = text_of(client.get(run.get_absolute_url()))
    assert "Line 5 · Amount" in page
    assert "“abc” is not a number (Amount). Correct it, or choose the other decimal sign." in page
    csv = b"".join(client.get(reverse("imports:run_issues", args=[run.pk])).streaming_content)
    assert "5,Amount,Left out,abc," in csv.decode()


def test_same_file_twice_says_so_and_adds_nothing(client, sign_in, upload, send_mapping, work_off):
    sign_in("manager")
    for _ in range(2):
        run = checked(upload, send_mapping, work_off, PURCHASES)
        report = text_of(client.get(run.get_absolute_url()))
        client.post(reverse("imports:run_confirm", args=[run.pk]), {"as_of": "2024-04-05"})
        run = work_off(run)

    assert "This very file was already imported" in report
    assert (run.state, Purchase.objects.count(), Client.objects.count()) == ("applied", 3, 2)
    assert run.summary["known_purchases"] == 3


def test_undo_takes_everything_back(client, sign_in, upload, send_mapping, work_off):
    sign_in("manager")
    run = checked(upload, send_mapping, work_off, PURCHASES)
    client.post(reverse("imports:run_confirm", args=[run.pk]), {"as_of": "2024-04-05"})
    work_off(run)

    client.post(reverse("imports:run_undo", args=[run.pk]))
    client.post(reverse("imports:run_undo", args=[run.pk]))
    run = work_off(run)

    assert (run.state, Client.objects.count(), Purchase.objects.count()) == ("undone", 0, 0)
    assert "Everything that this import wrote was taken back." in text_of(
        client.get(run.get_absolute_url())
    )


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "empty.csv", "The file is empty. Export it again and check what it holds."),
        (b"\x89PNG\r\n\x1a\n\0\0", "photo.csv", "This is a PNG picture, not a table."),
        (b"%PDF-1.4 x", "a.csv", "This is a PDF document, not a table."),
        (b"PK\x05\x06" + b"\0" * 20, "a.csv", "an empty ZIP archive"),
        (b"a,b\n1,2\x00\x01\x03\n", "a.csv", "line 2 holds a NUL byte"),
        ("名,值\n甲,1\n".encode() + b"\xff\xfe,2\n", "a.csv", "Line 3 cannot be read as UTF-8"),
        (b"Customer,Date,Amount\n", "a.csv", "has a header line but no rows"),
        (b'{"lists": []}', "a.csv", "This is a JSON file, not a table."),
        (b"<html><body>x</body></html>", "a.csv", "This is a web page or an XML file"),
    ],
)
def test_file_that_is_no_table_is_refused_in_the_page(
    client, sign_in, upload, content, name, sentence
):
    sign_in("manager")

    response, run = upload(content, name)

    assert response.status_code == 422
    assert sentence in text_of(response)
    assert run is None


def test_large_file_is_refused_and_the_form_kept(client, sign_in, upload, settings):
    settings.IMPORT_MAX_BYTES = 2 << 20
    sign_in("manager")

    response, run = upload(b"a,b\n" * (1 << 20), encoding="gb18030")

    assert response.status_code == 422
    assert "The file is larger than 2 MB. Split it into smaller files" in text_of(response)
    assert response.context["form"]["encoding"].value() == "gb18030"
    assert run is None


def test_file_just_over_the_limit_is_refused(client, sign_in, upload, settings):
    settings.IMPORT_MAX_BYTES = 100_000
    sign_in("manager")

    response, run = upload(b"a,b\n" * 30_000)

    assert (response.status_code, run) == (422, None)
    assert "The file is larger than" in text_of(response)


def test_refusals_are_chinese_for_chinese_readers(client, sign_in, upload):
    sign_in("manager", language="zh-hans")

    response, _ = upload(b"")

    assert response.status_code == 422
    assert 'lang="zh-hans"' in text_of(response)


def test_day_of_the_stages_may_not_lie_in_the_future(
    client, sign_in, upload, send_mapping, work_off
):
    sign_in("manager")
    run = checked(upload, send_mapping, work_off, PURCHASES)
    url = reverse("imports:run_confirm", args=[run.pk])

    late = client.post(url, {"as_of": (timezone.localdate() + dt.timedelta(days=3)).isoformat()})
    early = client.post(url, {"as_of": "1700-01-01"})

    assert late.status_code == early.status_code == 422
    assert "This day lies in the future." in text_of(late)
    assert "This day lies before 1900." in text_of(early)
    run.refresh_from_db()
    assert run.state == "checked"


def test_stage_day_is_the_last_purchase_unless_changed(
    client, sign_in, upload, send_mapping, work_off
):
    sign_in("manager")
    run = checked(upload, send_mapping, work_off, PURCHASES)

    assert 'value="2024-04-05"' in text_of(client.get(run.get_absolute_url()))


def test_reading_again_with_another_encoding(client, sign_in, upload, send_mapping, work_off):
    sign_in("manager")
    content = "客户编号,订单日期,金额\n1,2024-01-01,5\n".encode("gb18030")
    _, run = upload(content)

    wrong = send_mapping(run, encoding="utf-8-sig")
    western = send_mapping(run, encoding="cp1252", reread="1")

    assert wrong.status_code == 422
    assert "Line 1 cannot be read as UTF-8" in text_of(wrong)
    assert "The file was read again." in text_of(western)
    run.refresh_from_db()
    assert run.shape["encoding"] == "cp1252"


def test_reading_again_with_another_separator(client, sign_in, upload, send_mapping):
    sign_in("manager")
    _, run = upload("Customer;Date;Amount\n1;2024-01-01;5\n")

    response = send_mapping(run, delimiter=",")

    assert response.status_code == 200
    assert response.context["run"].shape["columns"] == ["Customer;Date;Amount"]


def test_wrong_setting_of_the_source_keeps_the_mapping(client, sign_in, upload, send_mapping):
    sign_in("manager")
    _, run = upload(PURCHASES)

    response = send_mapping(run, header="77", to_name="")

    assert response.status_code == 422
    assert response.context["form"]["to_name"].value() == ""


def test_changing_the_mapping_drops_the_check(client, sign_in, upload, send_mapping, work_off):
    sign_in("manager")
    run = checked(upload, send_mapping, work_off, PURCHASES + "1,A,x,1,CNY\n")

    client.post(reverse("imports:run_remap", args=[run.pk]))

    run.refresh_from_db()
    assert (run.state, run.issues.count(), StagedPurchase.objects.count()) == ("uploaded", 0, 0)
    assert client.get(run.get_absolute_url()).url == reverse("imports:run_map", args=[run.pk])


def test_discarding_leaves_nothing(client, sign_in, upload, send_mapping, work_off):
    sign_in("manager")
    run = checked(upload, send_mapping, work_off, PURCHASES)

    response = client.post(reverse("imports:run_discard", args=[run.pk]), follow=True)

    assert "The import was discarded. Nothing was written." in text_of(response)
    assert (ImportRun.objects.count(), StagedPurchase.objects.count()) == (0, 0)


def test_finished_import_cannot_be_discarded(client, sign_in, upload, send_mapping, work_off):
    sign_in("manager")
    run = checked(upload, send_mapping, work_off, PURCHASES)
    client.post(reverse("imports:run_confirm", args=[run.pk]), {"as_of": "2024-04-05"})
    work_off(run)

    response = client.post(reverse("imports:run_discard", args=[run.pk]), follow=True)

    assert "The import has moved on in the meantime." in text_of(response)
    assert ImportRun.objects.count() == 1


def test_workbook_is_imported_by_sheet(client, sign_in, upload, send_mapping, work_off, tmp_path):
    sign_in("manager")
    rows = [["Customer", "Date", "Amount"], ["7", dt.date(2024, 1, 2), 5.5], ["8", "2024-01-03"]]
    content = workbook(tmp_path, rows).read_bytes()

    answer, run = upload(content, "book.xlsx")
    assert answer.status_code == 302, answer.context["form"].errors
    send_mapping(run)
    run = work_off(run)

    assert (run.summary["new_purchases"], run.summary["errors"]) == (1, 1)
    assert run.shape["sheet"] == "Sales"


def test_foreign_clients_are_left_out_by_line(client, sign_in, upload, send_mapping, work_off):
    owner = sign_in("manager")
    run = checked(upload, send_mapping, work_off, PURCHASES)
    client.post(reverse("imports:run_confirm", args=[run.pk]), {"as_of": "2024-04-05"})
    work_off(run)
    sign_in("manager")

    run = checked(upload, send_mapping, work_off, PURCHASES + "9,New,2024-03-01,5,CNY\n")

    page = text_of(client.get(run.get_absolute_url()))
    assert "belongs to a client that you may not change" in page
    assert (run.summary["errors"], run.summary["new_purchases"]) == (3, 1)
    assert owner.owned_clients.count() == 2


def test_manager_who_was_demoted_cannot_go_on(client, sign_in, upload, send_mapping, work_off):
    user = sign_in("manager")
    run = checked(upload, send_mapping, work_off, PURCHASES)
    client.post(reverse("imports:run_confirm", args=[run.pk]), {"as_of": "2024-04-05"})
    User.objects.filter(pk=user.pk).update(role="staff")

    run = work_off(run)

    assert (run.state, Purchase.objects.count()) == ("failed", 0)
    assert "The right to import was withdrawn" in run.problem_text
    assert client.get(run.get_absolute_url()).status_code in (302, 403)


def test_progress_is_polled_and_refreshes_without_script(client, sign_in, upload, send_mapping):
    sign_in("manager")
    _, run = upload(PURCHASES)
    send_mapping(run)

    page = client.get(run.get_absolute_url())
    panel = client.get(run.get_absolute_url(), headers={"HX-Request": "true"})

    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in text_of(page)
    assert f'hx-get="{run.get_absolute_url()}"' in text_of(panel)
    assert "<html" not in text_of(panel)
    assert panel.content.strip() in page.content


def test_list_filters_by_state(client, sign_in, upload):
    sign_in("manager")
    upload(PURCHASES, "first.csv")

    assert "first.csv" in text_of(client.get(reverse("imports:run_list")))
    assert "first.csv" not in text_of(client.get(reverse("imports:run_list") + "?state=failed"))


def test_empty_list_explains_itself(client, sign_in):
    sign_in("outsider")

    assert "Nothing imported yet" in text_of(client.get(reverse("imports:run_list")))


@pytest.mark.parametrize(
    ("name", "rows", "clients", "errors"),
    [
        ("cdnow_master_1997_1998.txt", 69_659, 23_570, 0),
        ("cdnow_sample_1997_1998.txt", 6919, 2357, 0),
        ("superstore_zh_gb18030.csv", None, 132, 0),
        ("online_retail_sample_2010_2011.csv", None, None, 668 + 46),
    ],
)
def test_published_histories_are_read(
    shared_data, sign_in, upload, send_mapping, work_off, name, rows, clients, errors
):
    sign_in("manager")
    content = (shared_data / "purchases" / name).read_bytes()

    run = checked(upload, send_mapping, work_off, content)

    assert run.summary["errors"] == errors
    assert rows in (None, run.summary["new_purchases"])
    assert clients in (None, run.summary["new_clients"])
