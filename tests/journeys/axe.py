"""What axe-core finds on an open page, as readable lines."""

from axe_playwright_python.sync_playwright import Axe

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page, within=None):
    """One line per violation: the rule, the elements and why; [] is a clean page."""
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    found = Axe().run(page, context=within, options=options).response["violations"]
    return [
        f"{rule['id']}: {', '.join(str(node['target'][0]) for node in rule['nodes'][:4])} – "
        f"{rule['help']}"
        for rule in found
    ]


def sideways_scroll(page):
    """Pixels by which the page is wider than the window; 0 on a page that fits."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
