"""Draws a report in headless Chromium and keeps what can be kept in a repository: `snapshot.py REPORT FOLDER`."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Tests/BrowserTests"))
from webdriver import Browser

# The picture shows the verdict and the first chart.
WIDTH = 1000
HIDE_QUESTION = "document.getElementById('question').hidden = arguments[0];"

# Longer tables stay with the live page: they are most of its size.
STATIC_PAGE = """
    for (const details of document.querySelectorAll("details.data")) {
      const rows = details.querySelectorAll("tbody tr").length;
      if (rows > 150) details.textContent = `Data: ${rows} rows, in the live page.`;
    }
    for (const select of document.querySelectorAll("select")) select.replaceWith(select.value);
    for (const element of document.querySelectorAll("script, .plot form, meta[http-equiv]")) element.remove();
    document.documentElement.removeAttribute("data-drawn");
    return "<!DOCTYPE html>\\n" + document.documentElement.outerHTML + "\\n";
"""

page, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
with Browser() as browser:
    browser.resize(WIDTH)
    browser.open(page)
    browser.wait_for("document.documentElement.dataset.drawn")
    browser.run(HIDE_QUESTION, True)
    end = browser.run("return document.getElementById('latency').getBoundingClientRect().top + scrollY")
    browser.resize(WIDTH, int(end))
    browser.screenshot(folder / "report.png")
    browser.run(HIDE_QUESTION, False)
    (folder / "report.html").write_text(browser.run(STATIC_PAGE))
for name in ["report.png", "report.html"]:
    print(folder / name, (folder / name).stat().st_size // 1000, "kB")
