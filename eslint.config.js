// Rules that find defects; how code looks is prettier's business.

import css from "@eslint/css";
import js from "@eslint/js";
import globals from "globals";

const defects = {
  eqeqeq: "error",
  "no-implicit-globals": "error",
  "no-shadow": "error",
  "no-unused-vars": "error",
  "prefer-const": "error",
};

export default [
  { ignores: [".venv/", "build/", "demo/", "dist/", "runs/", "tests/releases/"] },
  {
    files: ["**/*.js"],
    ...js.configs.recommended,
    linterOptions: { reportUnusedDisableDirectives: "error" },
    languageOptions: { globals: globals.browser },
    rules: { ...js.configs.recommended.rules, ...defects },
  },
  { files: ["analysis/templates/*.js", "stimuli/*.js"], languageOptions: { sourceType: "script" } },
  { files: ["*.js"], languageOptions: { globals: globals.node } },
  {
    files: ["**/*.css"],
    ...css.configs.recommended,
    language: "css/css",
    rules: {
      ...css.configs.recommended.rules,
      // Custom properties come from another file, and what few browsers know has a fallback here.
      "css/no-invalid-properties": ["error", { allowUnknownVariables: true }],
      "css/use-baseline": "off",
      "css/no-important": "off",
    },
  },
];
