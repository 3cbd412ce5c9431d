/** The colours of runs: eight that were chosen by eye, then as many as there are runs. */

const CHOSEN = 8;
const GOLDEN_ANGLE = 137.508;
const LIGHTER = [0.08, -0.12];

/**
 * The colour of a run by its place in the list, as CSS; no two are the same.
 *
 * @param {number} at
 */
export function runColour(at) {
  if (at < CHOSEN) return `var(--run-${at})`;
  const turn = at - CHOSEN;
  return `oklch(calc(var(--run-light) + ${LIGHTER[turn % LIGHTER.length]}) 0.13 ${((turn * GOLDEN_ANGLE + 25) % 360).toFixed(1)})`;
}
