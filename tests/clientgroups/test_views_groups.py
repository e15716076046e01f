import pytest
from django.urls import reverse
from django.utils import timezone

from clientgroups.models import ClientGroup
from tests.factories.clientgroups import (
    ClientFactory,
    ClientGroupFactory,
    GroupAccessFactory,
    MembershipFactory,
    PurchaseFactory,
)

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('x')</script>"
HTMX = {"HX-Request": "true"}
LOYAL = {"op": "and", "rules": [{"field": "stage", "op": "is", "value": "loyal"}]}


def url(name, *args):
    return reverse(f"clientgroups:{name}", args=args)


def text_of(response):
    return response.content.decode()


def row(number, **fields):
    return {f"row-{number}-{name}": value for name, value in fields.items()}


FILLED = {
    "name": "Loyal",
    "description": "They stay",
    "kind": "dynamic",
    "match": "and",
    **row(1, field="stage", op="is", value="loyal"),
}


# List and page ------------------------------------------------------------------------------------


def test_group_list_shows_only_groups_with_a_role(client, sign_in):
    shown = ClientGroupFactory(name="Harbour", description=HOSTILE)
    ClientGroupFactory(name="Secret")
    sign_in("viewer", shown)

    page = text_of(client.get(url("group_list")))

    assert "Harbour" in page
    assert "Secret" not in page
    assert HOSTILE not in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"Harbour", "海港食品"}),
        ("?q=harb", {"Harbour"}),
        ("?q=食品", {"海港食品"}),
        ("?q=%25", set()),
        ("?kind=dynamic", {"海港食品"}),
        ("?kind=static&sort=-name", {"Harbour"}),
        ("?kind=archived", {"Old"}),
        ("?page=99&sort=nonsense", {"Harbour", "海港食品"}),
    ],
)
def test_group_list_is_filtered_by_its_address(client, sign_in, query, names):
    sign_in("admin")
    ClientGroupFactory(name="Harbour")
    ClientGroupFactory(dynamic=True, name="海港食品", stale_at=timezone.now())
    ClientGroupFactory(name="Old", archived_at=timezone.now())

    page = text_of(client.get(url("group_list") + query))

    assert {name for name in ("Harbour", "海港食品", "Old") if f">{name}</a>" in page} == names


def test_empty_group_list_offers_the_first_step_to_managers_only(client, sign_in):
    sign_in("manager")
    assert url("group_create") in text_of(client.get(url("group_list")))

    sign_in("outsider")
    assert f'href="{url("group_create")}"' not in text_of(
        client.get(url("group_list"), headers=HTMX)
    )


def test_group_page_shows_figures_of_its_members(client, sign_in):
    group = ClientGroupFactory(dynamic=True, name=HOSTILE, description="**Bold** " + HOSTILE)
    member = ClientFactory(stage="loyal", stage_as_of=timezone.localdate(), name="Larkfield")
    MembershipFactory(client_group=group, client=member)
    MembershipFactory(client_group=group, valid_to=timezone.localdate())
    for amount, currency in ((100, "CNY"), (-40, "CNY"), (7, "EUR")):
        PurchaseFactory(client=member, amount=amount, currency=currency)
    ClientGroup.objects.update(member_count=1, refreshed_at=timezone.now())
    sign_in("viewer", group)

    page = text_of(client.get(url("group_detail", group.pk)))

    assert "¥60" in page
    assert "€7" in page
    assert "2 joined, 1 left" in page
    assert "<strong>Bold</strong>" in page
    assert HOSTILE not in page
    assert "Lifecycle stage is Loyal" in page
    assert url("client_why", member.pk, group.pk) in page
    assert url("group_edit", group.pk) not in page


def test_group_page_without_members_shows_no_zero_for_no_data(client, sign_in):
    group = ClientGroupFactory()
    sign_in("lead", group)

    page = text_of(client.get(url("group_detail", group.pk)))

    assert "not worked out yet" in page
    assert "<b>–</b>" in page
    assert url("group_add_clients", group.pk) in page


def test_group_page_needs_as_many_queries_for_three_members_as_for_one(
    client, sign_in, count_queries
):
    group = ClientGroupFactory(dynamic=True)
    sign_in("lead", group)
    MembershipFactory(client_group=group)
    address = url("group_detail", group.pk)
    client.get(address)

    one = count_queries(lambda: client.get(address))
    for _ in range(2):
        MembershipFactory(client_group=group)
        GroupAccessFactory(client_group=group)

    assert count_queries(lambda: client.get(address)) == one


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"Larkfield", "Plum"}),
        ("?q=lark", {"Larkfield"}),
        ("?q=%25", set()),
        ("?former=1", {"Gone"}),
        (f"?q={'x' * 300}", {"Larkfield", "Plum"}),
    ],
)
def test_members_are_searched_and_former_ones_shown(client, sign_in, query, names):
    group = ClientGroupFactory()
    for name in ("Larkfield", "Plum"):
        MembershipFactory(client_group=group, client__name=name)
    MembershipFactory(client_group=group, client__name="Gone", valid_to=timezone.localdate())
    sign_in("viewer", group)

    page = text_of(client.get(url("group_members", group.pk) + query))

    assert {name for name in ("Larkfield", "Plum", "Gone") if name in page} == names


def test_lead_refreshes_archives_and_restores(client, sign_in):
    group = ClientGroupFactory(dynamic=True)
    sign_in("lead", group)
    ClientFactory(owner=group.owner, stage="loyal")

    said = text_of(client.post(url("group_refresh", group.pk), follow=True))
    assert "The group has 1 client now." in said
    away = client.post(url("group_archive", group.pk), follow=True)
    assert url("group_restore", group.pk) in text_of(away)
    group.refresh_from_db()
    assert group.archived_at is not None
    assert "Archived" in text_of(client.get(url("group_detail", group.pk)))
    client.post(url("group_restore", group.pk))

    group.refresh_from_db()
    assert group.archived_at is None


def test_pages_are_chinese_for_whoever_reads_chinese(client, sign_in):
    group = ClientGroupFactory(dynamic=True)
    sign_in("lead", group, language="zh-hans")

    response = client.get(url("group_detail", group.pk))

    assert response.status_code == 200
    assert '<html lang="zh-hans"' in text_of(response)
