"""What the page of a survey looks like beyond the style of the reports."""

CSS = """
main { max-width: 62rem; }
header .lead { font-size: 1.15rem; font-weight: 600; }
.overview td { padding-right: 1.2rem; }
.overview td:first-child { width: auto; }
.overview td.count { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.overview th { border-bottom: 1px solid var(--line); font-size: .85rem; font-weight: 600; color: var(--quiet); }
.overview th.count { text-align: right; padding-right: 1.2rem; }
.overview td.name { min-width: 8rem; }
.name span, .examples figcaption code, .examples figcaption span {
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; overflow-wrap: anywhere;
}
.overview .name a { white-space: normal; }
.overview td:last-child { width: 34%; }
.shares { display: flex; gap: 2px; height: .8rem; min-width: 6rem; }
.shares i { display: block; min-width: 3px; border-radius: 2px; background: var(--line); }
.shares i.failed, .shares i.warned, .shares i.passed, .shares i.errored { background: var(--state); }
details.class { margin: 0 0 1rem; }
details.class > summary { font-size: 1rem; color: var(--ink); padding: .5rem 0; border-bottom: 1px solid var(--line); }
details.class > summary b { font-size: 1.4rem; overflow-wrap: anywhere; margin-right: .6rem; }
details.class > div { padding-top: 1rem; }
section { --state: var(--line); }
section.failed { --state: var(--failed); } section.errored { --state: var(--errored); }
section.warned { --state: var(--warned); } section.passed { --state: var(--passed); }
section.waived { --state: var(--waived); } section.skipped { --state: var(--skipped); }
.looks { display: grid; grid-template-columns: 10rem 1fr; gap: 1.2rem; margin: .8rem 0; }
.mean div { position: relative; width: 10rem; max-width: 100%; }
.mean img { width: 100%; }
.mean i {
  position: absolute; width: 15%; height: 15%; margin: -7.5% 0 0 -7.5%; border: 2px solid #fff; border-radius: 3px;
  box-shadow: 0 0 0 1px #000;
}
.numbers { display: flex; flex-wrap: wrap; gap: .3rem 1.8rem; margin: 0 0 .8rem; }
.numbers dt { font-size: .8rem; color: var(--quiet); }
.numbers dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
.examples { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .9rem; }
.examples.maps { grid-template-columns: repeat(auto-fill, minmax(7rem, 1fr)); }
.examples.maps img { max-width: 7rem; }
.examples img { width: 100%; max-width: 15rem; border: 1px solid var(--line); image-rendering: auto; }
.examples figcaption { overflow-wrap: anywhere; font-size: .78rem; line-height: 1.35; }
.examples code { color: var(--ink); }
.wrong { color: var(--failed); font-weight: 600; }
h4 { margin: .9rem 0 .5rem; font-size: .95rem; }
.experiment { border-top: 1px solid var(--line); margin-top: .9rem; }
.ids { columns: 14rem; font-size: .85rem; padding-left: 1.2rem; }
@media (max-width: 40rem) {
  .overview .wide, .overview th:last-child { display: none; }
  .overview td, .overview th { padding-right: .7rem; }
  .looks { grid-template-columns: 1fr; gap: .8rem; }
  .examples { grid-template-columns: repeat(2, 1fr); gap: .7rem; }
  h1 { font-size: 1.8rem; }
}
@media print {
  details::details-content { content-visibility: visible; height: auto; }
}
"""
