import factory

from clientgroups.models import CustomField, RequestType, Tag


class TagFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Tag

    name = factory.Sequence(lambda n: f"Tag {n}")


class CustomFieldFactory(factory.django.DjangoModelFactory):
    """A text that this installation keeps about each client."""

    class Meta:
        model = CustomField

    key = factory.Sequence(lambda n: f"field-{n}")
    label = factory.Sequence(lambda n: f"Field {n}")


class RequestTypeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RequestType

    name = factory.Sequence(lambda n: f"Question {n}")
