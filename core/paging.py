"""Pages of rows that are counted and cut by functions of their own."""


class Sliced:
    """What a paginator asks of rows: `total()` how many, `cut(start, stop)` for one page."""

    def __init__(self, total, cut):
        self.total, self.cut = total, cut

    def count(self):
        return self.total()

    def __getitem__(self, part):
        return self.cut(part.start, part.stop)
