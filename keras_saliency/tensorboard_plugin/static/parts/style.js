/** The style sheet: beside the modules, or in the document already as `<style id="saliency-style">`. */

/**
 * Resolves when the page is styled.
 *
 * @returns {Promise<void>}
 */
export function loadStyle() {
  if (document.getElementById("saliency-style")) return Promise.resolve();
  return new Promise((resolve) => {
    const link = document.createElement("link");
    link.id = "saliency-style";
    link.rel = "stylesheet";
    link.href = new URL("../style.css", import.meta.url).href;
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => resolve());
    document.head.append(link);
  });
}
