import pytest
from django.template import Context, Template
from django.urls import NoReverseMatch, reverse


def draw(text, **context):
    return Template(text).render(Context(context))


@pytest.mark.parametrize(
    ("text", "name", "keys"),
    [
        ("{% url 'reports:today' %}", "reports:today", []),
        ("{% url 'projects:task_detail' 3 n %}", "projects:task_detail", [3, 17]),
        ("{% url 'projects:board' pk=n %}", "projects:board", [17]),
        ("{% url 'feedback:answer' 'a-b' %}", "feedback:answer", ["a-b"]),
        ("{% url 'projects:board' n as found %}{{ found }}", "projects:board", [17]),
    ],
)
def test_address_is_that_of_the_resolver(text, name, keys):
    assert draw(text, n=17) == reverse(name, args=keys)


def test_unknown_address_fails_loudly_unless_it_is_asked_for():
    with pytest.raises(NoReverseMatch):
        draw("{% url 'projects:nowhere' 1 %}")

    assert draw("{% url 'projects:nowhere' 1 as found %}[{{ found }}]") == "[]"
