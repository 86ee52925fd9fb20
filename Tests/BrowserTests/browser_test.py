#!/usr/bin/env python3
"""Opens a report of real runs in headless Chromium and reads a timeline: `make test-browser`.

Python with its standard library alone, since it has to speak HTTP to the driver and to compare numbers; nothing of it
is part of the product. Ends with `N passed, N failed`.
"""

import collections
import decimal
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from webdriver import Browser

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("PHASEWISE", ROOT / ".build/release/phasewise")).resolve()
SCREENSHOTS = ROOT / ".build/browser"
WIDTHS = {"phone": 390, "tablet": 820, "desktop": 1280}
HOSTILE = "<script>document.title='taken'</script>\"'&<img src=x onerror=\"document.title='taken'\"> | , ${1}"
LONG = "a very long name " * 20
RATES = ["8", "32"]
DRAWS = ["0", "1", "2"]

# Two deployments whose names try to be something else, and one that has everything to show.
SCENARIO = f"""
name: {json.dumps(HOSTILE)}
workload: {{trace: {ROOT}/Traces/azure-conv-shaped-10k.csv, requests: 1200, arrivals: poisson}}
model: llama-3-8b
device: h200-sxm
slo: {{ttft: 0.5, tpot: 0.05, attainment: 0.9}}
equal: none
deployments:
  - {{name: {json.dumps(HOSTILE)}, policy: vllm-v1, instances: 2}}
  - {{name: {json.dumps(LONG.strip())}, policy: distserve, prefill_instances: 1, decode_instances: 1}}
  - {{name: semi-pd, policy: semi-pd, instances: 2, partition: [80, 100]}}
"""


def phasewise(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"phasewise {arguments[0]}: {done.returncode}: {done.stderr}")
    return done.stdout


def query(database, sql):
    answer = json.loads(phasewise("results", "sql", sql, "--format", "json", "--database", database))
    return answer["columns"], answer["rows"]


class Report:
    """The page under test, in the browser, and the database it is about."""

    def __init__(self, browser, page, database):
        self.browser, self.page, self.database = browser, page, database

    def open(self, width=1280):
        self.browser.resize(width)
        self.browser.open(self.page)
        self.browser.wait_for("document.documentElement.dataset.drawn")

    def sections(self):
        return self.browser.run("return [...document.querySelectorAll('section[id]')].map(s => s.id)")

    def charts(self):
        return self.browser.run("return [...document.querySelectorAll('figure')].map(f => f.closest('section').id)")

    def table(self, section):
        """Columns and rows as a reader sees them, empty cells as None."""
        return self.browser.run("""
            const table = document.getElementById(arguments[0]).querySelector("details.data table");
            const text = (cell) => cell.textContent.trim() === "" ? null : cell.textContent.trim();
            return {columns: [...table.tHead.rows[0].cells].map(text),
                    rows: [...table.tBodies[0].rows].map((row) => [...row.cells].map(text))};
            """, section)

    def attributes(self, section):
        return self.browser.run(
            "return {...document.getElementById(arguments[0]).querySelector('figure').dataset}", section)

    def marks(self, section):
        """What the chart has drawn: the data of every bar, dot and vertex of a line, with where it is."""
        return self.browser.run("""
            const view = window.reportViews.get(arguments[0]);
            const found = [];
            const visit = (node) => {
              if (["bars", "dots", "lines"].includes(node.name))
                for (const item of node.items) {
                  const {x, y, s, p} = item.datum;
                  found.push({kind: node.name, x, y, s, p, px: item.x, py: item.y, width: item.width});
                }
              for (const item of node.items ?? []) visit(item);
            };
            visit(view.scenegraph().root);
            return found;
            """, section)


def expected_points(chart, table, picked):
    """The points that a chart must show, worked out from its table alone."""
    columns = table["columns"]
    points = []
    for row in table["rows"]:
        cells = dict(zip(columns, row))
        if picked is not None and cells[chart["pick"]] != picked:
            continue
        if chart.get("rule") and cells[chart["rule"]] is not None:
            continue
        for column in chart["y"].split("|"):
            x, y = cells[chart["x"]], cells[column]
            if x is None or y is None or ("logY" in chart and float(y) <= 0) or ("logX" in chart and float(x) <= 0):
                continue
            series = cells[chart["series"]] if "series" in chart else column
            panel = cells[chart["panel"]] if "panel" in chart else chart.get("yTitle", "")
            points.append((x if chart["kind"] == "bars" else float(x), float(y), series, panel))
    return points


def check_no_console_messages(report):
    report.browser.messages()
    report.open()
    assert report.browser.messages() == []


def check_nothing_is_fetched(report):
    fetched = report.browser.run("return performance.getEntriesByType('resource').map(e => e.name)")
    assert fetched == [], fetched


def check_tables_are_the_answers_of_their_queries(report):
    for section in [*report.charts(), "runs"]:
        sql = report.browser.run(
            "return document.getElementById(arguments[0]).querySelector('details.sql pre code').textContent", section)
        columns, rows = query(report.database, sql)
        shown = report.table(section)
        assert rows, f"{section} is empty"
        assert shown["columns"] == columns, section
        # A browser's text has its spaces collapsed by no one, but cells are trimmed.
        assert shown["rows"] == [[cell and cell.strip() for cell in row] for row in rows], section


def check_charts_show_their_tables(report):
    for section in report.charts():
        chart, table = report.attributes(section), report.table(section)
        picks = report.browser.run("""
            return [...document.getElementById(arguments[0]).querySelectorAll("select option")].map(o => o.value)
            """, section)
        for picked in picks or [None]:
            if picked is not None:
                report.browser.run("""
                    const select = document.getElementById(arguments[0]).querySelector("select");
                    window.drawnBefore = window.reportViews.get(arguments[0]);
                    select.value = arguments[1];
                    select.dispatchEvent(new Event("change"));
                    """, section, picked)
                report.browser.wait_for(f"window.reportViews.get({json.dumps(section)}) !== window.drawnBefore")
            expected = collections.Counter(expected_points(chart, table, picked))
            marks = report.marks(section)
            assert marks, f"{section} at {picked} has no marks"
            kinds = {"bars": ["bars"], "points": ["dots"], "steps": ["lines"], "lines": ["lines"]}[chart["kind"]]
            kinds += ["dots"] if "dots" in chart else []
            for kind in kinds:
                drawn = collections.Counter((m["x"], m["y"], m["s"], m["p"]) for m in marks if m["kind"] == kind)
                assert drawn == expected, f"{section} at {picked}: {drawn - expected} {expected - drawn}"
            check_places(section, chart, marks)


def check_places(section, chart, marks):
    """Larger numbers are further up, in every panel; bars are as wide as their numbers say."""
    panels = collections.defaultdict(list)
    for mark in marks:
        panels[mark["p"] if chart.get("panel") != "deployment" else ""].append(mark)
    for panel, group in panels.items():
        if chart["kind"] == "bars":
            scale = {round(m["width"] / m["y"], 6) for m in group if m["y"] > 1}
            assert max(scale) - min(scale) < 1e-3 * max(scale), f"{section} {panel}: {scale}"
        else:
            by_value = sorted(group, key=lambda m: m["y"])
            for low, high in zip(by_value, by_value[1:]):
                assert high["py"] <= low["py"] + 1e-6, f"{section} {panel}: {low} {high}"


def check_bands_surround_means(report):
    for section in ["attainment", "latency"]:
        table = report.table(section)
        rows = [dict(zip(table["columns"], row)) for row in table["rows"]]
        assert all(int(row["runs"]) == len(DRAWS) for row in rows)
        assert all(float(row["low"]) <= float(row["mean"]) <= float(row["high"]) for row in rows)
        assert any(float(row["low"]) < float(row["high"]) for row in rows), section
        areas = report.browser.run(
            "return document.getElementById(arguments[0]).querySelectorAll('.mark-area path').length", section)
        assert areas > 0, f"{section} shows no band"


def check_intervals_are_students(report):
    """Of one cell, from the runs themselves: three values have two degrees of freedom."""
    _, rows = query(report.database, """
        SELECT value FROM summary JOIN run ON run.id = runId
        WHERE deployment = 'semi-pd' AND requestRate = 32 AND metric = 'ttft' AND statistic = 'p50'""")
    values = [float(row[0]) * 1000 for row in rows]
    mean = sum(values) / 3
    half = 4.302653 * (sum((value - mean) ** 2 for value in values) / 2 / 3) ** 0.5
    table = report.table("latency")
    row = next(
        cells for cells in (dict(zip(table["columns"], row)) for row in table["rows"])
        if cells["panel"] == "TTFT P50, ms" and cells["deployment"] == "semi-pd" and float(cells["rate"]) == 32)
    for name, value in [("mean", mean), ("low", max(0, mean - half)), ("high", mean + half)]:
        assert abs(float(row[name]) - value) < 1e-3, (name, row, value)


def check_hostile_names_stay_text(report):
    state = report.browser.run("""
        return {title: document.title, images: document.images.length, text: document.body.innerText,
                inline: [...document.querySelectorAll("script")].filter(s => s.textContent.includes("'taken'")).length}
        """)
    assert state["title"] == f"Phasewise: {HOSTILE}", state["title"]
    assert state["images"] == 0 and state["inline"] == 0
    assert HOSTILE in state["text"] and LONG.strip()[:200] in state["text"]


def check_widths(report):
    for name, width in WIDTHS.items():
        report.open(width)
        overflow = report.browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{name} scrolls sideways by {overflow} pixels"
        wide = report.browser.run("""
            return [...document.querySelectorAll("figure svg")]
              .filter(svg => svg.getBoundingClientRect().right > document.documentElement.clientWidth + 1).length""")
        assert wide == 0, f"{wide} charts are wider than a {name}"
        report.browser.resize(width, report.browser.run("return document.documentElement.scrollHeight"))
        report.browser.screenshot(SCREENSHOTS / f"report-{name}.png")
    report.open()


def check_dark_and_print(report):
    luminance = """
        const [r, g, b] = getComputedStyle(arguments[0] === "page" ? document.body
          : document.querySelector("figure svg text"))[arguments[0] === "page" ? "backgroundColor" : "fill"]
          .match(/\\d+/g).map(v => (v / 255) ** 2.2);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;"""
    for media, scheme, page_is_light in [("", "light", True), ("", "dark", False), ("print", "dark", True)]:
        report.browser.media(media, scheme)
        page, ink = (report.browser.run(luminance, what) for what in ["page", "ink"])
        assert (page > ink) == page_is_light, (media, scheme, page, ink)
        contrast = (max(page, ink) + 0.05) / (min(page, ink) + 0.05)
        assert contrast >= 7, f"{media or 'screen'} {scheme}: contrast of text in charts {contrast:.1f}"
    report.browser.media("", "dark")
    report.browser.screenshot(SCREENSHOTS / "report-dark.png")
    report.browser.media()


def check_screen_readers(report):
    """What a screen reader is told, from the browser's accessibility tree."""
    nodes = report.browser.devtools("Accessibility.getFullAXTree")["nodes"]
    names = collections.defaultdict(list)
    for node in nodes:
        if not node.get("ignored"):
            names[node["role"]["value"]].append(node.get("name", {}).get("value", ""))
    charts = [name for name in names["graphics-document"] if "data follow as a table" in name]
    assert len(charts) == len(report.charts()), charts
    assert all(names["heading"]) and all(names["combobox"]), "something to act on has no name"
    state = report.browser.run("""
        return {language: document.documentElement.lang,
                captions: [...document.querySelectorAll("table")].every(t => t.caption?.textContent),
                scopes: [...document.querySelectorAll("th")].every(h => h.scope === "col"),
                levels: [...document.querySelectorAll("h1,h2,h3")].map(h => Number(h.tagName[1]))}""")
    assert state["language"] == "en" and state["captions"] and state["scopes"]
    levels = state["levels"]
    assert levels[0] == 1 and all(after <= before + 1 for before, after in zip(levels, levels[1:])), levels


def check_colours_differ_without_colour(report):
    """Every two lines of a chart differ in dash or shape, not only in colour."""
    dashes = report.browser.run("""
        return [...document.querySelectorAll("#attainment .mark-line path")].map(p => p.getAttribute("stroke-dasharray"))""")
    assert len(set(dashes)) == len(dashes) == 3, dashes


def check_tables_copy_as_columns(report):
    """A selected table is what goes to the clipboard: a line a row, a tab between cells."""
    text = report.browser.run("""
        const details = document.querySelector("#attainment details.data");
        details.open = true;
        getSelection().selectAllChildren(details.querySelector("tbody"));
        return getSelection().toString();""")
    table = report.table("attainment")
    lines = [line.split("\t") for line in text.strip("\n").split("\n")]
    assert [[cell.strip() for cell in line] for line in lines] == [[c or "" for c in row] for row in table["rows"]], lines


def check_verdict_comes_first(report):
    assert report.sections()[:2] == ["verdict", "question"]


def check_timelines(report):
    """Every file is the trace event format, and its spans add up to the busy time of each lane of the run."""
    folder = pathlib.Path(report.database).parent
    _, runs = query(report.database, "SELECT id, endNs FROM run WHERE requestRate = 32 AND runNumber = 0 ORDER BY id")
    assert len(runs) == 3
    for run, end in runs:
        spans = {}
        for flags in [[], ["--step-by-step"]]:
            file = folder / "trace.json"
            phasewise("timeline", run, "--database", report.database, "-o", file, "--quiet", *flags)
            events = parse_trace_events(file)
            assert all(e["ts"] + e.get("dur", 0) <= decimal.Decimal(end) / 1000 for e in events if "ts" in e)
            spans[bool(flags)] = check_spans(report, run, events)
        assert spans[True]["busy"] == spans[False]["busy"]
        assert spans[True]["iterations"] == spans[False]["iterations"]


def parse_trace_events(file):
    """The JSON object format, event by event, as its description asks for."""
    log = json.loads(file.read_text(), parse_float=decimal.Decimal)
    needed = {"X": {"name", "cat", "pid", "tid", "ts", "dur"}, "C": {"name", "pid", "ts", "args"},
              "M": {"name", "pid", "args"}, "i": {"name", "pid", "tid", "ts", "s"}}
    for event in log["traceEvents"]:
        missing = needed[event["ph"]] - event.keys()
        assert not missing, f"{event} has no {missing}"
        if event["ph"] == "X":
            assert event["ts"] >= 0 and event["dur"] >= 0
        if event["ph"] == "C":
            assert all(value >= 0 for value in event["args"].values()), event
    return log["traceEvents"]


def check_spans(report, run, events):
    """Spans of one thread do not overlap, and cover the busy time that the run has stored, to the nanosecond."""
    threads = collections.defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            threads[event["cat"], event["pid"], event["tid"]].append(event)
    busy, iterations = {}, {}
    for (category, process, thread), spans in threads.items():
        spans.sort(key=lambda e: e["ts"])
        for before, after in zip(spans, spans[1:]):
            assert before["ts"] + before["dur"] <= after["ts"], (before, after)
        if category == "iteration":
            busy[process, thread] = int(sum(e["dur"] for e in spans) * 1000)
            iterations[process, thread] = sum(e["args"]["iterations"] for e in spans)
    _, rows = query(report.database, f"""
        SELECT instance, prefillBusyNs, decodeBusyNs, prefillIterations, decodeIterations FROM instance
        WHERE runId = {run}""")
    for instance, *stored in [[int(cell) for cell in row] for row in rows]:
        for lane in (0, 1):
            assert busy.get((instance, lane), 0) == stored[lane], (run, instance, lane)
            assert iterations.get((instance, lane), 0) == stored[2 + lane], (run, instance, lane)
    _, transfers = query(report.database, f"SELECT count(*) FROM transfer WHERE runId = {run}")
    assert sum(e["ph"] == "X" and e["cat"] == "transfer" for e in events) == int(transfers[0][0])
    check_requests(report, run, events)
    return {"busy": busy, "iterations": iterations}


def check_requests(report, run, events):
    """Every completed request is a span, and its parts fill it."""
    tracks = collections.defaultdict(list)
    for event in events:
        if event.get("cat") == "part":
            tracks[event["tid"]].append(event)
    requests = [event for event in events if event.get("cat") == "request"]
    for request in requests:
        end = request["ts"] + request["dur"]
        parts = [e for e in tracks[request["tid"]] if request["ts"] <= e["ts"] and e["ts"] + e["dur"] <= end]
        assert sum(e["dur"] for e in parts) == request["dur"], request
    _, stored = query(report.database, f"""
        SELECT count(*), sum(completionNs - arrivalNs) FROM request WHERE runId = {run} AND outcome = 'completed'""")
    assert [len(requests), int(sum(e["dur"] for e in requests) * 1000)] == [int(cell) for cell in stored[0]]


def main():
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    checks = [value for name, value in globals().items() if name.startswith("check_") and value.__code__.co_argcount == 1]
    passed = failed = 0
    with tempfile.TemporaryDirectory() as name, Browser() as browser:
        folder = pathlib.Path(name)
        (folder / "hostile.yaml").write_text(SCENARIO)
        database, page = folder / "runs.sqlite", folder / "report.html"
        for rate in RATES:
            for draw in DRAWS:
                phasewise("compare", folder / "hostile.yaml", "--rate", rate, "--run", draw, "--database", database, "--quiet")
        phasewise("report", "--database", database, "-o", page)
        report = Report(browser, page, database)
        report.open()
        for check in checks:
            try:
                check(report)
                passed += 1
                print(f"passed {check.__name__}")
            except Exception:
                failed += 1
                print(f"FAILED {check.__name__}\n{traceback.format_exc()}")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
