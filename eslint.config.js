import js from "@eslint/js";
import globals from "globals";

const STRICT = {
  "consistent-return": "error",
  eqeqeq: "error",
  "no-param-reassign": "error",
  "no-shadow": "error",
  "no-var": "error",
  "object-shorthand": "error",
  "prefer-const": "error",
  "no-restricted-properties": ["error", { property: "innerHTML", message: "Text goes in as text: use h()." }],
};

const MANY = {
  "no-restricted-syntax": [
    "error",
    ...["[callee.object.name='Math']", "[callee.property.name='push']"].map((call) => ({
      selector: `CallExpression${call} > SpreadElement`,
      message: "A call has no room for 120 000 numbers: use reduce, concat or a loop.",
    })),
  ],
};

export default [
  { ignores: ["**/node_modules", "**/.venv", "**/.nox", "**/runs", "**/build", "**/dist"] },
  js.configs.recommended,
  { files: ["keras_saliency/**/*.js"], languageOptions: { globals: globals.browser }, rules: { ...STRICT, ...MANY } },
  { files: ["tests/page/**/*.js"], languageOptions: { globals: globals.node }, rules: STRICT },
];
