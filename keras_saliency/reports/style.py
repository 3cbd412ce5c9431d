"""How the HTML report looks."""

CSS = """
:root {
  color-scheme: light dark;
  --paper: #fbfbfa; --card: #ffffff; --ink: #1d2126; --quiet: #626a73; --line: #dfe3e6; --track: #e9ecee;
  --passed: #1a7f4b; --warned: #9a6200; --failed: #c0192f; --errored: #c0192f; --skipped: #6b7580;
  --waived: #7d3fb3; --good: #bfe3cd;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --card: #1c2024; --ink: #e8eaec; --quiet: #9aa4ae; --line: #32383e; --track: #2b3136;
    --passed: #4cc38a; --warned: #e0a93b; --failed: #ff7583; --errored: #ff7583; --skipped: #8d98a3;
    --waived: #c08bf0; --good: #24513a;
  }
}
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); }
body { margin: 0; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
p { margin: .4rem 0; }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .82em; }
code { overflow-wrap: anywhere; }
header { border-top: 6px solid var(--state); padding: 1rem 0 1.2rem; }
header.passed { --state: var(--passed); }
header.failed { --state: var(--failed); }
header .model { color: var(--quiet); font-weight: 600; overflow-wrap: anywhere; }
h1 { margin: .1rem 0; font-size: 2.3rem; line-height: 1.2; color: var(--state); }
h1 .mark { margin-right: .5rem; }
.counts { font-size: 1.15rem; font-weight: 600; }
table { border-collapse: collapse; }
.overview { width: 100%; margin: 0 0 2rem; }
.overview td { border-top: 1px solid var(--line); padding: .32rem .8rem .32rem 0; vertical-align: baseline; }
.overview tr:last-child td { border-bottom: 1px solid var(--line); }
.overview td:first-child { width: 6.5rem; }
.overview td:last-child { color: var(--quiet); }
a { color: inherit; font-weight: 600; text-decoration: none; }
a:hover { text-decoration: underline; }
section { overflow-wrap: anywhere; }
.overview a { white-space: nowrap; }
.badge { color: var(--state); font-size: .85rem; font-weight: 650; white-space: nowrap; }
.passed { --state: var(--passed); } .warned { --state: var(--warned); } .failed { --state: var(--failed); }
.errored { --state: var(--errored); } .skipped { --state: var(--skipped); } .waived { --state: var(--waived); }
section {
  background: var(--card); border: 1px solid var(--line); border-left: 5px solid var(--state); border-radius: 6px;
  padding: .9rem 1.2rem 1rem; margin: 0 0 1rem; break-inside: avoid;
}
h2.group { margin: 2rem 0 .8rem; font-size: 1.4rem; }
.on-maps { margin: 0 0 1rem; }
.overview th { text-align: left; padding: 1rem 0 .32rem; }
h3 { margin: 0; font-size: 1.1rem; display: flex; justify-content: space-between; gap: 1rem; align-items: baseline; }
.question { margin: 0; color: var(--quiet); }
.sentence { margin: .6rem 0; }
.failed .sentence, .errored .sentence { font-weight: 600; }
.measure p { margin-bottom: .5rem; }
.line { position: relative; height: 8px; border-radius: 4px; background: var(--track); margin: .6rem 0 1.9rem; }
.line i { position: absolute; display: block; }
.line .good { height: 100%; background: var(--good); border-radius: 4px; }
.line .limit { top: -5px; width: 2px; height: 18px; margin-left: -1px; background: var(--ink); }
.line .value {
  top: -4px; width: 16px; height: 16px; margin-left: -8px; border-radius: 50%; background: var(--state);
  border: 3px solid var(--card);
}
.line span { position: absolute; top: 12px; font-size: .75rem; color: var(--quiet); }
.line .high { right: 0; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem 1.5rem; margin: .8rem 0; }
figure { margin: 0; max-width: 100%; }
img { display: block; max-width: 100%; height: auto; image-rendering: pixelated; border-radius: 3px; }
figcaption { font-size: .85rem; color: var(--quiet); max-width: 19rem; margin-top: .35rem; }
details { margin-top: .6rem; }
summary, .spent { font-size: .85rem; color: var(--quiet); }
summary { cursor: pointer; }
.spent { margin-top: .6rem; }
details table { margin: .8rem 0; font-size: .85rem; font-variant-numeric: tabular-nums; }
details th, details td { padding: .1rem 1rem .1rem 0; text-align: right; border-bottom: 1px solid var(--line); }
pre { overflow-x: auto; background: var(--paper); border-radius: 4px; padding: .7rem; margin: .6rem 0; }
footer { color: var(--quiet); font-size: .85rem; margin-top: 2.2rem; }
footer { border-top: 1px solid var(--line); padding-top: 1rem; }
.meanings { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0 0 1rem; }
.meanings dd { margin: 0; }
@media (max-width: 40rem) {
  .overview td:last-child { display: none; }
}
@media print {
  :root {
    color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --quiet: #444; --line: #bbb; --track: #ddd;
    --passed: #1a7f4b; --warned: #9a6200; --failed: #c0192f; --errored: #c0192f; --skipped: #555; --waived: #7d3fb3;
    --good: #bfe3cd;
  }
  main { max-width: none; padding: 0; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
