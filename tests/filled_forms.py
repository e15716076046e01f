"""What a browser would send of a form on a page, without a browser."""

from html.parser import HTMLParser
from urllib.parse import urlsplit


class Forms(HTMLParser):
    """Every form of a page: where it goes, and the value of each control as the page shows it."""

    def __init__(self, path):
        super().__init__()
        self.path, self.found = path, []
        self.fields = self.text = self.select = None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        name, value = attrs.get("name"), attrs.get("value")
        if tag == "form":
            self.fields = {}
            target = urlsplit(attrs.get("action") or self.path).path
            self.found.append((attrs.get("method", "get"), target, self.fields))
        elif self.fields is None or "disabled" in attrs:
            return
        elif tag == "input" and name:
            self._input(attrs.get("type", "text"), name, value, "checked" in attrs)
        elif tag == "textarea" and name:
            self.text = name
            self.fields[name] = ""
        elif tag == "select" and name:
            self.select = name
        elif tag == "option" and self.select and ("selected" in attrs or self._is_first()):
            self.fields[self.select] = value or ""

    def _is_first(self):
        return self.select not in self.fields

    def _input(self, kind, name, value, checked):
        if kind in ("radio", "checkbox"):
            if checked:
                self.fields[name] = "on" if value is None else value
        elif kind not in ("submit", "button", "file"):
            self.fields[name] = value or ""

    def handle_data(self, data):
        if self.text:
            self.fields[self.text] += data

    def handle_endtag(self, tag):
        if tag == "form":
            self.fields = None
        elif tag == "textarea":
            self.text = None
        elif tag == "select":
            self.select = None


def form_to(response, path):
    """The values of the form on a page that is posted to a path."""
    page = Forms(response.request["PATH_INFO"])
    page.feed(response.content.decode())
    path = urlsplit(path).path
    found = [fields for how, target, fields in page.found if how == "post" and target == path]
    assert len(found) == 1, (path, [target for _how, target, _fields in page.found])
    return dict(found[0])
