/** Which probes are shown, and in which order. */

const ORDERS = {
  order: () => 0,
  name: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
  label: (a, b) => (a.label ?? Infinity) - (b.label ?? Infinity),
  wrong: (a, b) => Number(b.wrong === true) - Number(a.wrong === true),
  change: (a, b) => (b.change ?? -1) - (a.change ?? -1),
};

/** The words for each order. */
export const ORDER_WORDS = {
  order: "as given",
  name: "name",
  label: "label",
  wrong: "wrong first",
  change: "most changed now",
};

/** What the cards say, and what they are sorted and filtered by, at a step. */
export function facts(probes, series, step) {
  return Array.from({ length: probes.count ?? series.count }, (_, probe) => factOf(probes, series, step, probe));
}

/** The same for one probe. */
export function factOf(probes, series, step, probe) {
  const at = series.at(step);
  const predicted = series.predicted_classes[at]?.[probe];
  const label = probes.label(probe);
  const target = series.target_classes[at]?.[probe];
  return {
    probe,
    name: probes.name(probe),
    label,
    labelWords: probes.className(label),
    predicted: probes.className(predicted),
    wrong: probes.wrong(probe, predicted),
    probability: series.probabilities[at]?.[probe] ?? null,
    score: series.scores[at]?.[probe] ?? null,
    target: probes.className(target),
    explains: target !== predicted ? probes.className(target) : null,
    change: series.of("drift", step, probe),
  };
}

/** The facts of the probes to show, in order. */
export function chosen(all, state) {
  const words = state.find.trim().toLowerCase();
  const kept = all.filter((fact) => {
    if (state.show === "wrong" && fact.wrong !== true) return false;
    if (state.show === "right" && fact.wrong !== false) return false;
    return !words || [fact.name, fact.labelWords, fact.predicted].some((text) => text?.toLowerCase().includes(words));
  });
  return kept.sort((a, b) => ORDERS[state.sort](a, b) || a.probe - b.probe);
}
