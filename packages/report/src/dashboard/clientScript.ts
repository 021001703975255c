/**
 * The page's script, as text: it runs in the browser, and a function's own text would carry a transpiler's helpers.
 * It keeps every run's series, draws them with uPlot at most four times a second, and sends commands.
 */
export const clientScript = String.raw`
"use strict";
(() => {
  const byId = id => document.getElementById(id)
  const token = new URLSearchParams(location.search).get("token")
  const runs = new Map()
  const charts = new Map()
  const number = v => (typeof v === "string" ? Number(v) : v)
  const show = v => {
    v = number(v)
    if (v === undefined || v === null) return "–"
    if (!Number.isFinite(v)) return String(v)
    const size = Math.abs(v)
    if (size >= 1e4 && size < 1e9) return Math.round(v).toLocaleString("en")
    return size !== 0 && (size < 1e-3 || size >= 1e9) ? v.toExponential(2) : Number.isInteger(v) ? String(v) : v.toPrecision(4)
  }
  const tick = v => (v !== 0 && Math.abs(v) < 1e-3 ? Number(v.toPrecision(4)).toExponential() : Number(v.toPrecision(6)).toLocaleString("en", { maximumSignificantDigits: 6 }))
  const element = (tag, attributes, ...children) => {
    const node = document.createElement(tag)
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "class") node.className = value
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value)
      else if (typeof value === "boolean") node[name] = value
      else node.setAttribute(name, value)
    }
    node.append(...children)
    return node
  }

  const runOf = name => {
    if (!runs.has(name)) runs.set(name, { name, index: runs.size, shown: true, state: "running", series: new Map(), latest: {}, layers: null, weights: new Map(), cards: new Map() })
    return runs.get(name)
  }
  const point = (run, chart, key, x, y) => {
    const id = chart + "\n" + key
    if (!run.series.has(id)) run.series.set(id, { chart, key, x: [], y: [] })
    const { x: xs, y: ys } = run.series.get(id)
    const value = number(y)
    const drawn = Number.isFinite(value) ? value : null
    let at = xs.length
    while (at > 0 && xs[at - 1] >= x) at--
    if (xs[at] === x) ys[at] = drawn
    else { xs.splice(at, 0, x); ys.splice(at, 0, drawn) }
    if (xs.length > 8000) run.series.set(id, { chart, key, x: xs.filter((_, i) => i % 2), y: ys.filter((_, i) => i % 2) })
  }
  const take = {
    batch(run, e) {
      run.latest = { ...run.latest, ...e.metrics, step: e.step }
      for (const [key, value] of Object.entries(e.metrics)) point(run, key + " by batch", key, e.step, value)
      for (const [field, chart] of [["learningRate", "learning rate"], ["msPerStep", "ms per step"], ["samplesPerSecond", "samples per second"]]) {
        if (e[field] === undefined) continue
        run.latest[chart] = e[field]
        point(run, chart, chart, e.step, e[field])
      }
    },
    epoch(run, e) {
      run.latest = { ...run.latest, ...e.metrics, epoch: e.epoch }
      for (const [key, value] of Object.entries(e.metrics)) point(run, key.replace(/^val_/, "") + " by epoch", key, e.epoch, value)
    },
    layers(run, e) { run.layers = e },
    histogram(run, e) { run.weights.set(e.name, e) },
    status(run, e) { run.state = e.state; run.message = e.message },
  }

  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
  const colour = run => css("--c" + (run.index % 6))
  const post = async (run, command, value) => {
    const body = JSON.stringify({ run: run.name, command, ...(value === undefined ? {} : { value }) })
    const answer = await fetch("/command?token=" + encodeURIComponent(token), { method: "POST", headers: { "Content-Type": "application/json" }, body })
    if (!answer.ok) byId("connection").textContent = "refused: " + (await answer.text())
  }

  const makeRun = run => {
    const rate = element("input", { type: "text", inputmode: "decimal", "aria-label": "Learning rate of " + run.name })
    const button = (text, command) => element("button", { type: "button", onclick: () => post(run, command), "aria-label": text + " " + run.name }, text)
    const set = () => {
      const value = Number(rate.value.trim().replace(",", "."))
      const fine = rate.value.trim() !== "" && Number.isFinite(value) && value >= 0
      rate.setAttribute("aria-invalid", String(!fine))
      if (fine) post(run, "setLearningRate", value)
    }
    rate.addEventListener("keydown", e => { if (e.key === "Enter") set() })
    run.rate = rate
    run.facts = element("span", { class: "facts" })
    run.buttons = { pause: button("Pause", "pause"), resume: button("Resume", "resume"), stop: button("Stop", "stop") }
    run.setRate = element("button", { type: "button", onclick: set, "aria-label": "Set rate of " + run.name }, "Set rate")
    run.swatch = element("span", { class: "swatch", "aria-hidden": "true" })
    const box = element("input", { type: "checkbox", checked: true, onchange: e => { run.shown = e.target.checked; schedule() } })
    const name = element("label", { class: "name" }, box, run.swatch, run.name)
    run.item = element("li", {}, name, run.facts, element("span", { class: "controls" }, ...Object.values(run.buttons), rate, run.setRate))
    if (byId("runs").querySelector(".empty")) byId("runs").replaceChildren()
    byId("runs").append(run.item)
  }
  const drawRun = run => {
    if (!run.item) makeRun(run)
    const order = ["epoch", "step", "loss", "val_loss", "accuracy", "val_accuracy", "learning rate", "ms per step", "samples per second"]
    const facts = order.filter(key => run.latest[key] !== undefined).map(key => key + " " + show(run.latest[key]))
    run.facts.textContent = [run.state + (run.message ? ": " + run.message : ""), ...facts].join(" · ")
    run.swatch.style.borderColor = colour(run)
    const over = run.state === "stopped" || run.state === "finished"
    run.buttons.pause.disabled = over || run.state === "paused"
    run.buttons.resume.disabled = run.state !== "paused"
    run.buttons.stop.disabled = run.setRate.disabled = run.rate.disabled = over
    if (!run.rate.placeholder && run.latest["learning rate"] !== undefined) run.rate.placeholder = show(run.latest["learning rate"])
  }

  const rank = chart => (chart.endsWith("by epoch") ? 0 : chart.endsWith("by batch") ? 2 : 4) + (chart.startsWith("loss") ? 0 : 1)
  const drawChart = (chart, series) => {
    const shape = series.map(s => s.run.name + "\n" + s.key).join("\n\n")
    let card = charts.get(chart)
    if (!card) {
      const legend = element("div", { class: "legend" })
      const plot = element("div", { role: "img", "aria-label": chart, ondblclick: () => { card.zoomed = false } })
      card = { legend, plot, root: element("div", { class: "card" }, element("h3", {}, chart), plot, legend) }
      charts.set(chart, card)
      byId("curves").append(card.root)
      for (const other of [...charts].sort((a, b) => rank(a[0]) - rank(b[0]))) byId("curves").append(other[1].root)
    }
    card.root.hidden = series.length === 0
    if (series.length === 0) return
    const data = uPlot.join(series.map(s => [s.x, s.y]))
    if (card.shape !== shape || !card.u) {
      if (card.u) card.u.destroy()
      const axis = { stroke: () => css("--muted"), grid: { stroke: () => css("--line"), width: 1 }, ticks: { stroke: () => css("--line"), width: 1 } }
      const integers = chart.endsWith("by epoch") ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] } : {}
      const lines = series.map(s => ({ stroke: () => colour(s.run), width: 2, dash: s.key.startsWith("val_") ? [6, 3] : undefined, spanGaps: false, points: { show: s.x.length < 40 ? undefined : false } }))
      card.u = new uPlot({ width: card.plot.clientWidth || 360, height: 220, legend: { show: false }, hooks: { setSelect: [() => { card.zoomed = true }] }, scales: { x: { time: false } }, axes: [{ ...axis, ...integers }, { ...axis, size: (_, labels) => 22 + 7.5 * Math.max(3, ...(labels || []).map(l => String(l).length)), values: (_, ticks) => ticks.map(tick) }], series: [{}, ...lines] }, data, card.plot)
      card.shape = shape
      card.zoomed = false
    } else {
      card.u.setData(data, !card.zoomed)
      if (card.zoomed) card.u.redraw()
    }
    card.legend.replaceChildren(...series.map(s => {
      const swatch = element("span", { class: "swatch" + (s.key.startsWith("val_") ? " dashed" : "") })
      swatch.style.borderColor = colour(s.run)
      const last = s.y.findLastIndex(v => v !== null)
      return element("span", {}, swatch, s.run.name + " " + s.key + " " + (last < 0 ? "–" : show(s.y[last])))
    }))
    card.plot.setAttribute("aria-label", chart + ": " + card.legend.textContent)
  }

  // Cards stay and only their content changes: a table keeps its place, its focus and where it was scrolled to.
  const cardOf = (run, section, key, make) => {
    if (!run.cards.has(key)) run.cards.set(key, make())
    const card = run.cards.get(key)
    if (!card.root.isConnected) byId(section).append(card.root)
    card.root.hidden = !run.shown
    return card
  }
  const heads = ["Layer", "mean", "std", "dead", "saturated", "gradient mean", "gradient std", "update : weight"]
  const drawLayers = run => {
    const card = cardOf(run, "layers", "layers", () => {
      const caption = element("caption"), body = element("tbody")
      const table = element("table", {}, caption, element("thead", {}, element("tr", {}, ...heads.map(h => element("th", { scope: "col" }, h)))), body)
      return { caption, body, root: element("div", { class: "card scroll", tabindex: "0", role: "region", "aria-label": "Layers of " + run.name }, table) }
    })
    const cell = (v, bad) => element("td", { class: bad ? "bad" : "" }, v === undefined ? "–" : show(v))
    const share = (v, limit) => element("td", { class: v > limit ? "bad" : "" }, v === undefined ? "–" : (100 * number(v)).toFixed(1) + " %")
    const rows = run.layers.layers.map(({ name, activation: a = {}, gradient: g = {}, updateRatio }) =>
      element("tr", {}, element("th", { scope: "row" }, name), cell(a.mean), cell(a.std), share(a.dead, 0.5), share(a.saturated, 0.5), cell(g.mean), cell(g.std), cell(updateRatio, number(updateRatio) > 0.1)))
    card.caption.textContent = run.name + ", step " + run.layers.step
    card.body.replaceChildren(...rows)
  }
  const space = "http://www.w3.org/2000/svg"
  const drawWeight = (run, { name, step, edges, counts }) => {
    const card = cardOf(run, "weights", name, () => {
      const bars = document.createElementNS(space, "svg"), text = element("p", { class: "small" })
      for (const [k, v] of Object.entries({ viewBox: "0 0 " + counts.length + " 100", preserveAspectRatio: "none", class: "bars", role: "img" })) bars.setAttribute(k, v)
      return { bars, text, root: element("div", { class: "card" }, element("h3", {}, name), bars, text) }
    })
    const highest = Math.max(1, ...counts), range = show(edges[0]) + " to " + show(edges.at(-1))
    card.text.textContent = range + " · " + run.name + ", step " + step
    card.bars.setAttribute("aria-label", name + " from " + range)
    card.bars.style.fill = colour(run)
    card.bars.replaceChildren(...counts.map((count, i) => {
      const bar = document.createElementNS(space, "rect")
      const height = (100 * count) / highest
      for (const [k, v] of Object.entries({ x: i + 0.05, y: 100 - height, width: 0.9, height })) bar.setAttribute(k, v)
      return bar
    }))
  }

  let timer
  const draw = () => {
    timer = undefined
    for (const run of runs.values()) drawRun(run)
    const shown = [...runs.values()].filter(run => run.shown)
    const found = new Map([...charts.keys()].map(chart => [chart, []]))
    for (const run of shown) for (const s of run.series.values()) {
      if (!found.has(s.chart)) found.set(s.chart, [])
      found.get(s.chart).push({ ...s, run })
    }
    for (const [chart, series] of found) drawChart(chart, series)
    for (const run of runs.values()) {
      if (run.layers) drawLayers(run)
      for (const weight of run.weights.values()) drawWeight(run, weight)
    }
    byId("layers-section").hidden = !shown.some(run => run.layers)
    byId("weights-section").hidden = !shown.some(run => run.weights.size)
  }
  const schedule = () => { timer ??= setTimeout(draw, 250) }
  const redraw = () => { for (const card of charts.values()) { if (card.u) card.u.destroy(); card.u = undefined } schedule() }
  let width = innerWidth
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; redraw() } })
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw)

  const source = new EventSource("/events?token=" + encodeURIComponent(token))
  const connection = (text, lost) => { byId("connection").textContent = text; byId("connection").className = lost ? "lost" : "" }
  source.onopen = () => connection("connected", false)
  source.onerror = () => connection("connection lost, trying again …", true)
  source.onmessage = message => {
    for (const { run, event } of JSON.parse(message.data)) take[event.type](runOf(run), event)
    schedule()
  }
})()
`
