# SPDX-License-Identifier: ISC
"""Samples of several programs side by side, their ratios, and what may not be
exceeded."""

import statistics


class Figure(tuple):
    """A bound of the first name's figure itself, not of a ratio."""


class Table:
    """Samples by cell, measure and name; one for each round, or None."""

    def __init__(self, names, judge=None):
        self.names, self.judge = names, judge
        self.rows = {}
        self.bounds = {}

    def add(self, cell, measure, name, value, bounds=None):
        row = self.rows.setdefault((cell, measure), {})
        row.setdefault(name, []).append(value)
        self.bounds[cell, measure] = bounds

    @staticmethod
    def median(values):
        known = [v for v in values if v is not None]
        return statistics.median(known) if known else None

    def ratios(self, row, other):
        """Of the same round: what disturbs the machine disturbs both."""
        return [a / b for a, b in zip(row.get(self.names[0], []),
                                      row.get(other, []))
                if a is not None and b]

    def judged_by(self):
        """The bounds are over the original, when it takes part."""
        return self.judge or ("original" if "original" in self.names[1:]
                              else self.names[1])

    def print_row(self, cell, measure, row):
        if not any(self.median(values) is not None
                   for values in row.values()):
            print("%-21s %-14s not known to this version" % (cell, measure))
            return
        absolute = isinstance(self.bounds[cell, measure], Figure)
        cells = ["%-21s %-14s" % (cell, measure)]
        for name in self.names:
            cells.append("%10s" % show(self.median(row.get(name, []))))
        for other in self.names[1:]:
            found = self.ratios(row, other)
            cells.append("%6.2f [%.2f..%.2f]" % (
                statistics.median(found), min(found), max(found))
                if found else "     - %12s" % "")
        bounds = self.bounds[cell, measure]
        if bounds and (absolute or len(self.names) > 1):
            found = row.get(self.names[0], []) if absolute else \
                self.ratios(row, self.judged_by())
            cells.append(judge(self.median(found), *bounds))
        print(" ".join(cells).rstrip(), flush=True)

    def print_cell(self, cell):
        for (c, measure), row in self.rows.items():
            if c == cell:
                self.print_row(c, measure, row)

    def print_head(self):
        first = self.names[0]
        print("%-21s %-14s" % ("cell", "measure"),
              " ".join("%10s" % n for n in self.names),
              " ".join("%-19s" % ("%s/%s" % (first, n))
                       for n in self.names[1:]),
              "required   aim", flush=True)


def show(value):
    if value is None:
        return "-"
    return "%.0f" % value if abs(value) >= 1000 else "%.2f" % value


def judge(value, required, aim):
    if value is None:
        return ""
    said = "missed" if value > required else \
        "met, aim met" if aim and value <= aim else "met"
    return "%8s %5s  %s" % (required, aim or "-", said)
