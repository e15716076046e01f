import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from imports import runner
from imports.models import ImportRun


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    """Uploaded files of a test go where the test ends."""
    settings.MEDIA_ROOT = str(tmp_path / "media")


@pytest.fixture
def work_off(django_capture_on_commit_callbacks):
    """Do what the worker would do with an import, until nothing is left."""

    def work_off(run):
        with django_capture_on_commit_callbacks(execute=True):
            while runner.advance(run.pk):
                pass
        run.refresh_from_db()
        return run

    return work_off


@pytest.fixture
def upload(client, db):
    """Send a file through the page; the answer, and the import when one was made."""

    def upload(content, name="file.csv", kind="purchases", project=None, **fields):
        data = content if isinstance(content, bytes) else content.encode()
        file = SimpleUploadedFile(name, data)
        post = {"kind": kind, "project": project.pk if project else "", "file": file, **fields}
        response = client.post(reverse("imports:run_create"), post)
        return response, ImportRun.objects.order_by("pk").last()

    return upload


@pytest.fixture
def send_mapping(client):
    """Press “Check the file” with what the mapping page suggests, changed by `changes`."""

    def send_mapping(run, **changes):
        url = reverse("imports:run_map", args=[run.pk])
        context = client.get(url).context
        data = {}
        for form in (context.get("source"), context["form"]):
            for field in form or ():
                value = field.value()
                if value is not None and value is not False:
                    data[field.html_name] = "on" if value is True else value
        if run.kind == "trello":
            data["shown"] = str(context["form"].place)
        data |= changes
        return client.post(url, {key: value for key, value in data.items() if value is not None})

    return send_mapping
