import { neutral, palette, styleSheet } from "../charts/theme.ts"

const variables = (theme: "light" | "dark") => {
  const { ink, muted, grid, background, wrong } = neutral
  const colours = { ink, muted, line: grid, card: background, bad: wrong, accent: palette[0]!, good: palette[2]! }
  return Object.entries(colours).map(([name, pair]) => `--${name}:${pair[theme]};`)
}

/** The style sheet of a report's page, the charts' own included: without anything from elsewhere, for screens and paper. */
export const pageStyle = `${styleSheet()}
:root{color-scheme:light dark;${variables("light").join("")}--back:#f6f8fa}
@media (prefers-color-scheme:dark){:root{${variables("dark").join("")}--back:#0d1117}}
*{box-sizing:border-box}html{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0;font:1rem/1.55 system-ui,sans-serif;color:var(--ink);background:var(--back)}
header,main,footer{max-width:58rem;margin:0 auto;padding:1rem}
h1{font-size:1.6rem;line-height:1.25;margin:.6rem 0}h2{font-size:1.25rem;margin:0 0 .6rem}h3{font-size:1.05rem;margin:0}
section h3{margin:1.2rem 0 .4rem}summary h3{display:inline;margin:0}p,ul,dl,pre,figure{margin:.6rem 0}p,li,dd{overflow-wrap:anywhere}
main>section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1.1rem;margin:0 0 1rem}
a{color:var(--accent);text-underline-offset:.15em}nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;list-style:none;padding:0}
nav a,td a,th a{display:inline-block;padding:.2rem 0}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:2px}
figcaption,footer{color:var(--muted);font-size:.9rem}figure svg{display:block}.narrow{display:none}
.scroll{overflow-x:auto;margin:.6rem 0 1.1rem}table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:0 0 .4rem;color:var(--muted)}caption span{display:inline-block;position:sticky;left:0;max-width:min(100%,100vw - 3.4rem)}thead th{vertical-align:bottom}
th,td{padding:.25rem .7rem;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child{padding-left:0;position:sticky;left:0;background:var(--card)}tbody th{font-weight:400}.number{text-align:right}
.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}.muted{color:var(--muted)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem}dt{color:var(--muted)}dd{margin:0;font-variant-numeric:tabular-nums}
pre{overflow-x:auto;font-size:.85rem;line-height:1.4}details{border-top:1px solid var(--line)}summary{cursor:pointer;padding:.6rem 0}
@media (max-width:44rem){main>section{padding:.8rem;border-radius:.4rem}header,main,footer{padding:.6rem}.wide{display:none}.narrow{display:block}
.scroll .selvedge{max-width:none}dl{grid-template-columns:1fr;gap:0}dd{margin:0 0 .4rem}}
@media print{body{background:none}main>section{border:0;padding:0}nav{display:none}figure,tr{break-inside:avoid}}
`
