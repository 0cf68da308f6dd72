// The summary page's script: draws the chart and keeps the numbers moving.
// Without it the page is whole; it only lacks the picture and the movement.
"use strict";

(() => {
  const EVERY_MS = 5000;
  const report = document.getElementById("report");
  let paused = false;
  let failed = false;

  // -- Chart -------------------------------------------------------------------

  const token = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const readSeries = () => {
    const holder = document.getElementById("series");
    return holder ? JSON.parse(holder.dataset.series) : null;
  };

  // Two panels over one time axis: outcomes stacked above, engagement as lines below.
  const BARS = 0;
  const LINES = 1;
  const DASHES = ["solid", [6, 3]];

  const oneSeries = (row, place, lineNumber) => {
    const color = token(`--series-${place + 1}`);
    const panel = row.isBar ? BARS : LINES;
    const shared = {
      name: row.name, data: row.values, color, animation: false,
      xAxisIndex: panel, yAxisIndex: panel, cursor: "pointer",
    };
    if (row.isBar) {
      return { ...shared, type: "bar", stack: "all", barMaxWidth: 28, barCategoryGap: "22%" };
    }
    const style = { width: 2, type: DASHES[lineNumber % DASHES.length] };
    return {
      ...shared, type: "line", symbol: "circle", showSymbol: false, symbolSize: 7,
      lineStyle: style, areaStyle: { opacity: 0.08 },
    };
  };

  const timeAxis = (labels, panel, muted) => ({
    type: "category", data: labels, gridIndex: panel, axisTick: { show: false },
    boundaryGap: true, axisLine: { lineStyle: { color: token("--line-strong") } },
    axisLabel: {
      show: panel === LINES, color: muted, hideOverlap: true, fontSize: 12,
      alignMaxLabel: "right",
    },
  });

  const countAxis = (panel, muted) => ({
    type: "value", gridIndex: panel, minInterval: 1, splitNumber: panel === BARS ? 4 : 2,
    axisLabel: { color: muted, fontSize: 12 },
    splitLine: { lineStyle: { color: token("--line") } },
  });

  // Both panels answer to one pointer: the time is told once, above all series.
  const tooltip = (rows) => [
    rows[0].axisValueLabel,
    ...rows.map((row) => `${row.marker} ${row.seriesName}: ${row.value.toLocaleString(document.documentElement.lang)}`),
  ].join("\n");

  const options = (content, width) => {
    const muted = token("--muted");
    const text = token("--text");
    const legendHeight = width < 620 ? 64 : 40;
    const widest = Math.max(1, ...content.series.flatMap((row) => row.values));
    const left = 20 + 9 * String(widest).length;
    let lines = 0;
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: [
        { left, right: 6, top: 10, height: "48%" },
        { left, right: 6, top: "60%", bottom: legendHeight + 20 },
      ],
      legend: {
        bottom: 0, itemWidth: 14, itemHeight: 10, itemGap: 16,
        textStyle: { color: text, fontSize: 13 }, inactiveColor: token("--line-strong"),
      },
      axisPointer: { link: [{ xAxisIndex: "all" }] },
      // Rich text is drawn, never parsed as HTML: what it says may come from outside.
      tooltip: {
        trigger: "axis", renderMode: "richText", confine: true, formatter: tooltip,
        axisPointer: { type: "shadow", shadowStyle: { color: token("--line-strong"), opacity: 0.18 } },
        backgroundColor: token("--surface"), borderColor: token("--line-strong"),
        textStyle: { color: text, fontSize: 13 },
      },
      xAxis: [BARS, LINES].map((panel) => timeAxis(content.labels, panel, muted)),
      yAxis: [BARS, LINES].map((panel) => countAxis(panel, muted)),
      series: content.series.map((row, place) =>
        oneSeries(row, place, row.isBar ? 0 : lines++)),
    };
  };

  const follow = (event) => {
    // The table of the same numbers knows where each leads.
    const content = readSeries();
    const { metric } = content.series[event.seriesIndex];
    const time = content.times[event.dataIndex];
    report
      .querySelector(`[data-scope="step"][data-metric="${metric}"][data-of="${time}"] a`)
      ?.click();
  };

  const draw = () => {
    const place = document.getElementById("chart");
    const content = readSeries();
    if (!place || !content || !window.echarts) return;
    let chart = echarts.getInstanceByDom(place);
    if (!chart) {
      place.replaceChildren(document.createElement("span"));
      chart = echarts.init(place, null, { renderer: "svg" });
      chart.on("click", follow);
      new ResizeObserver(() => { chart.resize(); draw(); }).observe(place);
    }
    const chosen = chart.getOption()?.legend?.[0]?.selected ?? {};
    const wanted = options(content, place.clientWidth);
    wanted.legend.selected = chosen;
    chart.setOption(wanted, { notMerge: true });
  };

  // -- Movement ----------------------------------------------------------------

  const icon = (name) => {
    const sprite = document.querySelector(".brand use").getAttribute("href").split("#")[0];
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    picture.setAttribute("class", "icon");
    picture.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${sprite}#${name}`);
    picture.append(use);
    return picture;
  };

  const showState = () => {
    const live = document.getElementById("live");
    if (!live) return;
    live.classList.toggle("is-live", !paused && !failed);
    live.classList.toggle("has-failed", failed);
    live.title = failed ? live.dataset.failed : "";
    let button = live.querySelector("button");
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      button.id = "pause";
      live.append(button);
    }
    const word = paused ? live.dataset.resume : live.dataset.pause;
    button.replaceChildren(icon(paused ? "play" : "pause"), word);
  };

  const opened = new Set();
  const remember = (event) => {
    const place = event.target;
    if (place instanceof HTMLDetailsElement && place.id) {
      place.open ? opened.add(place.id) : opened.delete(place.id);
    }
  };
  const scrolled = new Map();
  let focused = "";
  const keep = () => {
    focused = document.activeElement?.id ?? "";
    for (const place of report.querySelectorAll(".scroll[id]")) {
      scrolled.set(place.id, place.scrollLeft);
    }
  };
  const restore = () => {
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    for (const [id, left] of scrolled) {
      const place = document.getElementById(id);
      if (place) place.scrollLeft = left;
    }
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };

  // A reader who selects text or stands in the table is not interrupted.
  const isBusy = () =>
    document.hidden ||
    !document.getSelection().isCollapsed ||
    document.activeElement?.closest("#report table");

  const refresh = () => {
    if (!paused && !isBusy()) htmx.trigger(report, "refresh");
  };

  const start = () => {
    if (!report) return;
    draw();
    showState();
    document.addEventListener("toggle", remember, true);
    document.addEventListener("click", (event) => {
      if (!event.target.closest("#pause")) return;
      paused = !paused;
      showState();
    });
    document.addEventListener("htmx:beforeSwap", keep);
    document.addEventListener("htmx:afterSwap", () => {
      failed = false;
      draw();
      showState();
      restore();
    });
    for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
      document.addEventListener(name, () => {
        failed = true;
        showState();
      });
    }
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    setInterval(refresh, EVERY_MS);
  };

  document.addEventListener("DOMContentLoaded", start);
})();
