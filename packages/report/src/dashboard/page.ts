import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { clientScript } from "./clientScript.ts"

const require = createRequire(import.meta.url)
const read = (name: string) => readFileSync(require.resolve(name), "utf8")

/** The dashboard's page, with everything it needs inside; `nonce` admits its script and style. */
export function dashboardPage(nonce: string): string {
  const script = `${read("uplot/dist/uPlot.iife.min.js")}\n${clientScript}`.replaceAll("</script", "<\\/script")
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Selvedge – live</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${read("uplot/dist/uPlot.min.css")}${style}</style>
</head>
<body>
<header><h1>Training, live</h1><p id="connection" role="status">connecting …</p></header>
<main>
<section aria-labelledby="runs-heading"><h2 id="runs-heading">Runs</h2><ul id="runs"><li class="empty">Waiting for the first run …</li></ul></section>
<section aria-labelledby="curves-heading"><h2 id="curves-heading">Curves</h2><div id="curves"></div></section>
<section aria-labelledby="layers-heading" id="layers-section" hidden><h2 id="layers-heading">Layers</h2><div id="layers"></div></section>
<section aria-labelledby="weights-heading" id="weights-section" hidden><h2 id="weights-heading">Weights</h2><div id="weights"></div></section>
</main>
<script nonce="${nonce}">${script}</script>
</body>
</html>
`
}

const style = `
:root{color-scheme:light dark;--ink:#1f2328;--muted:#57606a;--line:#d8dee4;--back:#f6f8fa;--card:#fff;--accent:#0072b2;--on-accent:#fff;--warn:#b3261e;
--c0:#0072b2;--c1:#c24e00;--c2:#00795a;--c3:#a8447f;--c4:#806400;--c5:#5b6570}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--muted:#9da7b1;--line:#2f363d;--back:#0d1117;--card:#14181d;--accent:#56b4e9;--on-accent:#0d1117;--warn:#ff8a80;
--c0:#56b4e9;--c1:#ff9c57;--c2:#2fd3a3;--c3:#f09ac8;--c4:#e6c84f;--c5:#a7b1bb}}
*{box-sizing:border-box}
body{margin:0;font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--back)}
header{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline;padding:14px 20px;border-bottom:1px solid var(--line);background:var(--card)}
h1{font-size:18px;margin:0}h2{font-size:15px;margin:0 0 8px}h3{font-size:13px;margin:0 0 4px;overflow-wrap:anywhere}
#connection{margin:0;color:var(--muted)}#connection.lost{color:var(--warn);font-weight:600}
main{padding:16px 20px;display:grid;grid-template-columns:minmax(0,1fr);gap:20px;max-width:1400px;margin:0 auto}
ul{list-style:none;margin:0;padding:0;display:grid;gap:8px}
li,.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 12px}
li{display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center}li.empty{color:var(--muted)}
.name{font-weight:600;display:flex;gap:8px;align-items:center;min-height:24px}.swatch{width:22px;height:0;border-top:3px solid}
.facts{color:var(--muted);flex:1 1 260px;font-variant-numeric:tabular-nums}
.controls{display:flex;flex-wrap:wrap;gap:6px;align-items:center}
button,input[type=text]{font:inherit;color:inherit;background:var(--card);border:1px solid var(--muted);border-radius:6px;padding:3px 10px;min-height:30px}
button:hover:enabled{border-color:var(--accent);color:var(--accent)}button:disabled{opacity:.5}
input[type=text]{width:6.5em}input[type=checkbox]{width:18px;height:18px;accent-color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
#layers{display:grid;grid-template-columns:minmax(0,1fr);gap:12px}
#curves,#weights{display:grid;gap:12px;grid-template-columns:repeat(auto-fill,minmax(min(100%,380px),1fr))}
#weights{grid-template-columns:repeat(auto-fill,minmax(min(100%,220px),1fr))}
.card{min-width:0}.legend{display:flex;flex-wrap:wrap;gap:2px 12px;font-size:13px;font-variant-numeric:tabular-nums}
.legend span{display:flex;gap:6px;align-items:center}.legend .dashed{border-top-style:dashed}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;width:100%}
th,td{padding:3px 10px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}th:first-child{text-align:left}tbody th{font-weight:400}
caption{text-align:left;font-weight:600;padding:4px 0}td.bad{color:var(--warn);font-weight:600}
.bars{width:100%;height:80px;display:block}.small{color:var(--muted);font-size:12px;margin:2px 0 0}
`
