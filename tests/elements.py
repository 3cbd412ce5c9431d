"""The elements of a page, whoever wrote it."""

from html.parser import HTMLParser


class Elements(HTMLParser):
    """The elements and comments of a page in their order, in `found` as `(tag, pairs of attributes, text)`."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, attributes, ""))

    def handle_comment(self, data):
        self.found.append(("comment", [], ""))

    def handle_data(self, data):
        if self.found:
            tag, attributes, text = self.found[-1]
            self.found[-1] = (tag, attributes, text + data)

    def all(self, tag):
        """The attributes, as a dict, and the text of each element of that name."""
        return [(dict(attributes), text) for found, attributes, text in self.found if found == tag]

    @property
    def structure(self):
        """Each element with the names of its attributes."""
        return [(tag, *(name for name, _ in attributes)) for tag, attributes, _ in self.found]
