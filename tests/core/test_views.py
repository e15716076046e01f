import pytest
from django.db import InternalError, connection

from accounts.models import User
from core.views import read_only
from tests.factories.accounts import UserFactory


def refused():
    with pytest.raises(InternalError, match="read-only transaction"), read_only():
        UserFactory()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_written_in_a_transaction_begun_for_reading():
    refused()

    UserFactory(name="Afterwards")
    assert User.objects.get().name == "Afterwards"


@pytest.mark.django_db
def test_nothing_is_written_for_reading_within_another_transaction():
    refused()

    UserFactory(name="Afterwards")
    assert User.objects.get().name == "Afterwards"


@pytest.mark.django_db(transaction=True)
def test_reading_costs_no_statement_besides_the_transaction(count_queries):
    def read():
        with read_only():
            list(User.objects.all())

    assert count_queries(read) == 3


@pytest.mark.django_db(transaction=True)
def test_connection_that_broke_while_reading_is_replaced():
    def break_while_reading():
        with read_only():
            connection.close()
            raise KeyError

    with pytest.raises(KeyError):
        break_while_reading()

    UserFactory()
    assert User.objects.count() == 1
