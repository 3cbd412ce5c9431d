/** What to do where there is nothing to see yet. */

import { h, setText } from "../parts/dom.js";

const LINES = `import keras_saliency as ks

probes = ks.ProbeSet.sample(x_val, y_val, per_class=2)
saliency = ks.SaliencyCallback(probes, "logs")
model.fit(x, y, validation_data=(x_val, y_val), epochs=20, callbacks=[saliency])`;

/** A page for a log directory without looks. */
export function emptyPage() {
  const copy = h("button", {
    class: "chip",
    text: "Copy",
    onclick: async () => {
      try {
        await navigator.clipboard.writeText(LINES);
        setText(copy, "Copied");
      } catch {
        setText(copy, "Select the lines and copy them");
      }
    },
  });
  return h(
    "section",
    { class: "view empty" },
    h("h2", { text: "Nothing to watch yet" }),
    h("p", { text: "Add one callback to your training, and see after every epoch what your network looks at:" }),
    h("div", { class: "code" }, h("pre", {}, h("code", { text: LINES })), copy),
    h("p", {
      class: "quiet",
      text: "Point TensorBoard at the same directory. This page looks for new runs every few seconds; the first picture is there before the first update of the weights.",
    }),
  );
}
