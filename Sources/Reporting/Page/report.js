// Draws the charts of a report. A chart's data are the rows of the table in its section; which column goes where is in
// the attributes of its figure.
"use strict";
(() => {
  // Okabe and Ito's colours, which most people with a colour deficiency can tell apart, without black.
  const palette = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999", "#f0e442"];
  // Lines differ in more than their colour.
  const dashes = [[], [6, 3], [2, 2], [10, 3, 2, 3], [12, 4], [4, 1], [1, 3], [8, 2, 2, 2, 2, 2]];
  const shapes = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left"];
  const library = loadLibrary();
  const deployments = [...document.querySelectorAll("[data-series]")].map((element) => element.dataset.series);
  // Of each drawn chart, by the id of its section: for the console and for tests.
  const views = (window.reportViews = new Map());

  function loadLibrary() {
    const loaded = {};
    // One module calls another by a name that is not its own.
    const names = { "vega-selections": "vega-selection" };
    const require = (name) => {
      const key = names[name] ?? name;
      if (!loaded[key]) {
        const module = (loaded[key] = { exports: {} });
        chartingLibrary[key](module.exports, module, require);
      }
      return loaded[key].exports;
    };
    Object.assign(require("vega-dataflow").transforms, require("vega-transforms"), require("vega-view-transforms"),
      require("vega-encode"));
    return { parse: require("vega-parser").parse, View: require("vega-view").View };
  }

  // Every row once, with numbers for the cells of number columns and null for empty ones.
  function readTable(section) {
    const table = section.querySelector("details.data table");
    const heads = [...table.tHead.rows[0].cells];
    const columns = heads.map((head) => head.textContent.trim());
    const isNumber = heads.map((head) => head.dataset.type === "number");
    return [...table.tBodies[0].rows].map((row) => {
      const record = {};
      columns.forEach((column, index) => {
        const text = row.cells[index].textContent.trim();
        record[column] = text === "" ? null : isNumber[index] ? Number(text) : text;
      });
      return record;
    });
  }

  const unique = (values) => [...new Set(values)];

  // The rows of a chart as points (x, y) of a line `s` in a panel `p`; rows that mark an instant have its text in `rule`.
  function points(rows, chart) {
    const folds = chart.y.split("|");
    const result = [];
    for (const row of rows) {
      const panel = chart.panel ? String(row[chart.panel]) : chart.yTitle;
      if (chart.rule && row[chart.rule] !== null) {
        result.push({ x: row[chart.x], p: panel, rule: String(row[chart.rule]) });
        continue;
      }
      for (const column of folds) {
        const [x, y] = [row[chart.x], row[column]];
        if (x === null || y === null || (chart.logX && x <= 0) || (chart.logY && y <= 0)) continue;
        const series = chart.series ? String(row[chart.series]) : column;
        result.push({
          x, y, s: series, p: panel, rule: "", front: row.front === 1, note: row.load ?? "",
          low: chart.low ? row[chart.low] ?? y : y, high: chart.high ? row[chart.high] ?? y : y,
        });
      }
    }
    return result;
  }

  // A scale needs numbers above zero where it is logarithmic.
  function specification(chart, data, width) {
    const panels = unique(data.map((point) => point.p));
    const present = unique(data.filter((point) => point.rule === "").map((point) => point.s));
    const isBars = chart.kind === "bars";
    const all = chart.series === "deployment" ? deployments : present;
    const series = all.filter((name) => data.some((point) => point.s === name && (!isBars || point.y !== 0)));
    const order = (list) => series.map((name) => list[all.indexOf(name) % list.length]);
    // Deployments are compared with each other, metrics are not.
    const isShared = chart.panel === "deployment";
    const columns = isBars || panels.length === 1 || width < 640 ? 1 : 2;
    const margin = isBars ? Math.min(150, width * 0.3) : 62;
    const plotWidth = Math.max(120, Math.floor(width / columns - margin - 12));
    const categories = unique(data.map((point) => point.x));
    const plotHeight = isBars ? 34 * categories.length : Math.min(240, Math.max(160, Math.round(plotWidth * 0.5)));
    const value = (field) => ({ scale: "y", field });
    const xScale = isBars
      ? { name: "x", type: "linear", domain: { data: "stacked", field: "y1" }, range: [0, plotWidth], nice: true }
      : {
          name: "x", type: chart.logX ? "log" : "linear", domain: { data: chart.logX ? "panel" : "points", field: "x" },
          range: [0, plotWidth], zero: false, nice: !chart.logX && !chart.rule,
        };
    const yScale = isBars
      ? { name: "y", type: "band", domain: categories, range: [0, plotHeight], padding: 0.2 }
      : {
          name: "y", type: chart.logY ? "log" : "linear", range: [plotHeight, 0], nice: true, zero: !chart.logY,
          domain: { fields: ["y", "low", "high"].map((field) => ({ data: isShared ? "points" : "panel", field })) },
        };
    const ticks = Math.max(3, Math.floor(plotWidth / 70));
    return {
      $schema: "https://vega.github.io/schema/vega/v5.json",
      description: chart.description,
      padding: 4,
      autosize: { type: "pad", resize: false },
      data: [
        { name: "points", values: data },
        ...(isBars
          ? [{
              name: "stacked", source: "points",
              transform: [{ type: "stack", groupby: ["x"], field: "y", as: ["y0", "y1"] }],
            }]
          : []),
      ],
      scales: [
        { name: "color", type: "ordinal", domain: series, range: order(palette) },
        { name: "dash", type: "ordinal", domain: series, range: order(dashes) },
        { name: "shape", type: "ordinal", domain: series, range: order(shapes) },
      ],
      legends: [
        isBars
          ? { fill: "color", symbolType: "square", ...legendLayout(width) }
          : chart.kind === "points"
            ? { stroke: "color", shape: "shape", ...legendLayout(width) }
            : { stroke: "color", strokeDash: "dash", symbolType: "stroke", symbolSize: 400, ...legendLayout(width) },
      ],
      layout: { columns, padding: { row: 16, column: 12 }, bounds: "full", align: "all", titleAnchor: "start" },
      marks: panels.map((panel, index) => ({
        type: "group",
        name: `panel${index}`,
        title: panel ? { text: panel, frame: "group", offset: 6, limit: plotWidth } : undefined,
        encode: { enter: { width: { value: plotWidth }, height: { value: plotHeight } } },
        data: [
          {
            name: "panel", source: isBars ? "stacked" : "points",
            transform: [{ type: "filter", expr: `datum.p === ${JSON.stringify(panel)} && datum.rule === ""` }],
          },
          ...(chart.rule
            ? [{
                name: "instants", source: "points",
                transform: [{ type: "filter", expr: `datum.p === ${JSON.stringify(panel)} && datum.rule !== ""` }],
              }]
            : []),
        ],
        scales: [xScale, yScale],
        axes: [
          { orient: "bottom", scale: "x", title: chart.xTitle, tickCount: ticks, grid: isBars, labelOverlap: true, labelFlush: true },
          {
            orient: "left", scale: "y", grid: !isBars, tickCount: 5, labelLimit: margin - 12, labelOverlap: !isBars,
            ...(isBars ? {} : { format: "~s" }),
          },
        ],
        marks: isBars ? [bar()] : [...lines(chart, value), ...rules(chart, plotHeight)],
      })),
    };
  }

  function legendLayout(width) {
    return { orient: "bottom", columns: width < 640 ? 2 : 4, labelLimit: width < 640 ? width / 2 - 40 : 200 };
  }

  function bar() {
    return {
      type: "rect", name: "bars", from: { data: "panel" },
      encode: {
        update: {
          x: { scale: "x", field: "y0" }, x2: { scale: "x", field: "y1" },
          y: { scale: "y", field: "x" }, height: { scale: "y", band: 1 },
          fill: { scale: "color", field: "s" }, stroke: { value: "currentColor" }, strokeWidth: { value: 0.5 },
          tooltip: { signal: "datum.x + ', ' + datum.s + ': ' + datum.y" },
        },
      },
    };
  }

  // A band, a line and points for each series; the front alone has a line where there is one.
  function lines(chart, value) {
    const isPoints = chart.kind === "points";
    const x = { scale: "x", field: "x" };
    const stroke = { scale: "color", field: "s" };
    const interpolate = { value: chart.kind === "steps" ? "step-after" : "linear" };
    const band = {
      type: "area", from: { data: "line" },
      encode: {
        update: {
          x, y: value("low"), y2: value("high"), fill: stroke, fillOpacity: { value: 0.2 }, interpolate,
        },
      },
    };
    const line = {
      type: "line", name: "lines", from: { data: "line" },
      encode: {
        update: {
          x, y: value("y"), stroke, strokeDash: { scale: "dash", field: "s" }, strokeWidth: { value: 2 }, interpolate,
        },
      },
    };
    const symbol = (from) => ({
      type: "symbol", name: "dots", from: { data: from },
      encode: {
        update: {
          x, y: value("y"), shape: { scale: "shape", field: "s" }, stroke, size: { value: 60 },
          fill: isPoints ? [{ test: "datum.front", scale: "color", field: "s" }, { value: "transparent" }] : stroke,
          strokeWidth: { value: 1.5 },
          tooltip: {
            signal: "datum.s + (datum.note ? ' at ' + datum.note : '') + ': ' + datum.y"
              + " + (datum.low < datum.high ? ' (' + datum.low + ' to ' + datum.high + ')' : '')",
          },
        },
      },
    });
    if (isPoints) {
      const front = {
        type: "line", from: { data: "front" },
        encode: {
          update: { x, y: value("y"), stroke: { value: "currentColor" }, strokeOpacity: { value: 0.5 }, strokeWidth: { value: 1 } },
        },
      };
      return [
        {
          type: "group",
          data: [{ name: "front", source: "panel", transform: [{ type: "filter", expr: "datum.front" }, { type: "collect", sort: { field: "x" } }] }],
          marks: [front],
        },
        symbol("panel"),
      ];
    }
    return [{
      type: "group",
      from: { facet: { name: "line", data: "panel", groupby: "s" } },
      marks: [...(chart.low ? [band] : []), line, ...(chart.dots ? [symbol("line")] : [])],
    }];
  }

  function rules(chart, height) {
    if (!chart.rule) return [];
    return [{
      type: "rule", from: { data: "instants" },
      encode: {
        update: {
          x: { scale: "x", field: "x" }, y: { value: 0 }, y2: { value: height },
          stroke: { value: "currentColor" }, strokeOpacity: { value: 0.6 }, strokeDash: { value: [2, 2] }, tooltip: { field: "rule" },
        },
      },
    }];
  }

  // Colours of text and axes follow the page's: light, dark or print.
  const ink = "currentColor";
  const config = {
    axis: {
      labelColor: ink, titleColor: ink, domainColor: ink, tickColor: ink, gridColor: ink, gridOpacity: 0.15,
      labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal",
    },
    legend: { labelColor: ink, titleColor: ink, labelFontSize: 12 },
    title: { color: ink, fontSize: 13, fontWeight: "normal", anchor: "start" },
    group: { stroke: null },
  };

  async function draw(section, rows) {
    const figure = section.querySelector("figure");
    const plot = figure.querySelector(".plot");
    const chart = { ...figure.dataset };
    chart.yTitle ??= "";
    const picked = figure.querySelector("select")?.value;
    const shown = picked === undefined ? rows : rows.filter((row) => String(row[chart.pick]) === picked);
    const title = section.querySelector("h2").textContent;
    chart.description = title + (picked === undefined ? "" : `, ${picked}`) + ". The data follow as a table.";
    views.get(section.id)?.finalize();
    try {
      const width = Math.max(260, plot.clientWidth - 8);
      const view = new library.View(library.parse(specification(chart, points(shown, chart), width), config),
        { renderer: "svg", container: plot, hover: false });
      await view.runAsync();
      views.set(section.id, view);
    } catch (error) {
      plot.innerHTML = "<p class=failed>This chart could not be drawn; its data follow.</p>";
      console.error(`${section.id}: ${error.stack ?? error}`);
    }
  }

  function addPicker(figure, rows, redraw) {
    const column = figure.dataset.pick;
    if (!column) return;
    const select = document.createElement("select");
    for (const value of unique(rows.map((row) => String(row[column])))) select.add(new Option(value, value));
    if ([...select.options].some((option) => option.value === figure.dataset.initial)) select.value = figure.dataset.initial;
    const label = document.createElement("label");
    label.append(`${column}:`, select);
    select.setAttribute("aria-label", `${figure.closest("section").querySelector("h2").textContent}: ${column}`);
    figure.prepend(label);
    select.addEventListener("change", redraw);
  }

  async function start() {
    const redraws = [];
    for (const figure of document.querySelectorAll("figure[data-kind]")) {
      const section = figure.closest("section");
      const rows = readTable(section);
      const redraw = () => draw(section, rows);
      addPicker(figure, rows, redraw);
      redraws.push(redraw);
      await redraw();
    }
    let drawnWidth = document.body.clientWidth;
    let timer = 0;
    addEventListener("resize", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (Math.abs(document.body.clientWidth - drawnWidth) < 8) return;
        drawnWidth = document.body.clientWidth;
        for (const redraw of redraws) redraw();
      }, 150);
    });
    document.documentElement.dataset.drawn = String(redraws.length);
  }

  start();
})();
