/** For pages that are not TensorBoard's: renders at once. */

import { render } from "./index.js";

render();
