"""Rows of figures, as a table, as JSON and, where matplotlib is there, as a picture."""
import json
import time

from . import tools


class Report:
    def __init__(self):
        self.rows = []

    def add(self, figure, name, value, unit, beside=None, beside_name="", goal=None, goal_of="value"):
        """`goal` is the most that the value, or its ratio to `beside`, may be."""
        ratio = value / beside if value is not None and beside else None
        judged = ratio if goal_of == "ratio" else value
        met = None if goal is None else judged is not None and judged <= goal
        row = dict(figure=figure, name=name, value=value, unit=unit, beside=beside, beside_name=beside_name, ratio=ratio, goal=goal,
                   goal_of=goal_of, met=met)
        self.rows.append(row)
        print(self.line(row), flush=True)

    def note(self, figure, text):
        self.rows.append(dict(figure=figure, note=text))
        print(f"{figure:<9} {text}", flush=True)

    @staticmethod
    def number(value):
        if value is None:
            return "–"
        if isinstance(value, int) or value >= 10_000:
            return f"{value:,.0f}".replace(",", " ")
        return f"{value:.3f}" if value < 10 else f"{value:.1f}"

    def line(self, row):
        ours = f"{self.number(row['value'])} {row['unit']}"
        beside = f"{row['beside_name']} {self.number(row['beside'])}" if row["beside"] is not None else ""
        ratio = f"{row['ratio']:.2f}x" if row["ratio"] is not None else ""
        goal = ""
        if row["goal"] is not None:
            goal = f"≤ {self.number(row['goal'])}{'x' if row['goal_of'] == 'ratio' else ''} {'yes' if row['met'] else 'NO'}"
        return f"{row['figure']:<9} {row['name']:<34} {ours:>24}  {beside:<22} {ratio:>8}  {goal}"

    def save(self):
        tools.WORK.mkdir(parents=True, exist_ok=True)
        path = tools.WORK / "results.json"
        path.write_text(json.dumps(dict(time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), rows=self.rows), indent=1) + "\n")
        print(f"\n{path}")
        missed = [row["name"] for row in self.rows if row.get("met") is False]
        if missed:
            print(f"goals missed: {', '.join(missed)}")
        self.draw()

    def draw(self):
        """The ratios to the Linux guest, as bars."""
        rows = [row for row in self.rows if row.get("ratio") is not None and row["beside_name"] == "Linux"]
        if not rows:
            return
        try:
            import matplotlib
        except ImportError:
            return
        matplotlib.use("svg")
        from matplotlib import pyplot
        figure, axes = pyplot.subplots(figsize=(9, 0.28 * len(rows) + 1))
        axes.barh([row["name"] for row in rows][::-1], [row["ratio"] for row in rows][::-1])
        axes.axvline(0.7, linestyle="--", color="black")
        axes.set_xlabel("instructions, Spore / Linux guest")
        figure.tight_layout()
        figure.savefig(tools.WORK / "results.svg")
        print(tools.WORK / "results.svg")
