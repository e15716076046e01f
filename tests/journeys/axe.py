"""What axe-core finds on an open page, as readable lines."""

from axe_playwright_python.base import AXE_SCRIPT as SCRIPT

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Style sheets need no second download: no rule of ours reads them.
OPTIONS = {"runOnly": RULES, "resultTypes": ["violations"], "preload": False}
# Only what is said below crosses from the browser, not the rules that had nothing to find.
ASK = """([within, options]) => axe.run(within || document, options).then(found =>
    found.violations.map(rule => [rule.id, rule.nodes.map(node => node.target[0]), rule.help]))"""


def violations(page, within=None):
    """One line per violation: the rule, the elements and why; [] is a clean page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(SCRIPT)
    return [
        f"{rule}: {', '.join(str(place) for place in places[:4])} – {help_}"
        for rule, places, help_ in page.evaluate(ASK, [within, OPTIONS])
    ]


def sideways_scroll(page):
    """Pixels by which the page is wider than the window; 0 on a page that fits."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
