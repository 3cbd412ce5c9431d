/** Light or dark: as TensorBoard is, where the page stands in it, else as the system is. */

/**
 * Follows the theme for as long as the page lives.
 *
 * @param {(dark: boolean) => void} changed called at once and whenever it turns
 */
export function followTheme(changed) {
  const host = hostBody();
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const dark = host ? host.classList.contains("dark-mode") : system.matches;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    changed(dark);
  };
  if (host) new MutationObserver(apply).observe(host, { attributes: true, attributeFilter: ["class"] });
  else system.addEventListener("change", apply);
  apply();
}

function hostBody() {
  try {
    return window.parent !== window && window.parent.document.querySelector("tb-webapp")
      ? window.parent.document.body
      : null;
  } catch {
    return null;
  }
}
