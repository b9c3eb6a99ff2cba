# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How the page of a plan looks: in light and dark, on a phone, on paper. Every text has a contrast of 4.5 or more."""

from __future__ import annotations

CSS = """
:root {
  color-scheme: light dark;
  --page: #fff; --panel: #f6f8fa; --line: #d0d7de; --text: #1f2328; --quiet: #57606a; --link: #0550ae;
  --created: #116329; --updated: #7d4e00; --replaced: #9a3412; --deleted: #a40e26;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1117; --panel: #161b22; --line: #3d444d; --text: #e6edf3; --quiet: #9da7b1; --link: #79c0ff;
    --created: #56d364; --updated: #e3b341; --replaced: #ffa657; --deleted: #ff8b85;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 72rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
a { color: var(--link); }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.25rem; }
h3 { margin: 2rem 0 .25rem; padding-top: .75rem; border-top: 1px solid var(--line); font-size: 1.1rem; }
h4 { margin: 1rem 0 .25rem; font-size: 1rem; }
p { margin: .25rem 0; }
code, pre { font: .85em/1.45 ui-monospace, "DejaVu Sans Mono", monospace; unicode-bidi: isolate; }
pre { margin: 0; white-space: pre-wrap; }
em { color: var(--quiet); }
.sum { font-size: 1.1rem; }
.quiet { color: var(--quiet); }
.created { --tone: var(--created); } .updated { --tone: var(--updated); }
.replaced { --tone: var(--replaced); } .deleted, .failed { --tone: var(--deleted); }
.sign { color: var(--tone, var(--text)); font-weight: 600; white-space: nowrap; }
.badge { color: var(--replaced); font-size: .85em; font-weight: 600; }

.overview { display: flex; flex-wrap: wrap; gap: 1.5rem 3rem; align-items: flex-start; }
.overview > div { flex: 1 1 22rem; min-width: 0; }
.overview > figure { flex: 0 1 auto; margin: 0; max-width: 100%; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem 1rem; margin: 0; }
dt { color: var(--quiet); } dd { margin: 0; }

svg { display: block; max-width: 100%; height: auto; font: 13px system-ui, sans-serif; }
svg rect { fill: var(--panel); stroke: var(--tone, var(--quiet)); stroke-width: 2; }
svg text { fill: var(--tone, var(--quiet)); text-anchor: middle; }
svg .name { fill: var(--text); font-weight: 600; }
svg .skipped rect, svg .failed rect { stroke-dasharray: 5 4; }
svg .line { fill: none; stroke: var(--quiet); stroke-width: 1.5; }
svg .head { fill: var(--quiet); }

.findings { margin: 0; padding: 0; list-style: none; }
.findings li {
  margin: .5rem 0; padding: .5rem .75rem; border-left: 4px solid var(--tone, var(--quiet)); background: var(--panel);
}

table { width: 100%; border-collapse: collapse; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--quiet); font-size: .85rem; font-weight: 600; }
.stacks tbody th { font-weight: 600; } .stacks .number { text-align: right; font-variant-numeric: tabular-nums; }
.changes { margin: .25rem 0 .75rem; table-layout: fixed; background: var(--panel); }
.changes th { font-weight: 400; } .changes th:first-child { width: 30%; }
details { margin: .15rem 0; }
summary { padding: .15rem 0; cursor: pointer; }
summary:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }

@media (max-width: 40rem) {
  dl { grid-template-columns: minmax(0, 1fr); gap: 0; } dd { margin-bottom: .5rem; }
  .stacks th, .stacks td { padding: .3rem .15rem; font-size: .78rem; }
  .stacks thead th, .stacks td { overflow-wrap: normal; } .stacks thead th { font-size: .7rem; }
  .changes thead { display: none; }
  .changes tr { display: block; border-bottom: 1px solid var(--line); }
  .changes th, .changes td { display: block; width: auto; border: 0; }
  .changes th:first-child { width: auto; font-weight: 600; }
  .changes td::before { content: attr(data-label) ": "; color: var(--quiet); font-size: .85rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  details::details-content { content-visibility: visible; display: block; }
  tr, .findings li, svg { break-inside: avoid; }
  h2, h3, h4, summary { break-after: avoid; }
}
"""
