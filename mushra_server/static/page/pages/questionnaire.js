// Questions: text, number, likert, long_text.

import { t } from "../i18n.js";
import { choices } from "../ui/choices.js";
import { h, uniqueId } from "../ui/dom.js";

/** @import { Env, FinishPage, Problem, Question, TextPage, View } from "../types.js" */

/**
 * A question's control: `invalid` says what is wrong with its value.
 *
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {() => string} value
 * @property {() => HTMLElement} focus
 * @property {() => Problem | null} [invalid]
 */

/**
 * @param {TextPage | FinishPage} page
 * @param {Env} env
 * @returns {View}
 */
export function questionnaire(page, env) {
  const stored = page.answer?.answers ?? {};
  const fields = (page.questionnaire ?? []).map((question) =>
    createField(question, stored[question.name], env.changed),
  );
  const form = h("form", {
    class: "questions",
    novalidate: true,
    on: {
      submit: (event) => event.preventDefault(),
      keydown: (event) => advance(/** @type {KeyboardEvent} */ (event), fields, env.next),
    },
  });
  form.append(...fields.map((field) => field.element));
  return {
    element: form,
    ready: true,
    answer: () => ({
      answers: Object.fromEntries(
        fields.map((field) => [field.name, field.value()]).filter(([, value]) => value !== ""),
      ),
    }),
    problem: () =>
      fields.map((field) => field.problem()).find((problem) => problem !== null) ?? null,
  };
}

/**
 * Enter after a number or a line of text means next: the next question, or the next page after the last one.
 *
 * @param {KeyboardEvent} event
 * @param {Field[]} fields
 * @param {() => void} next
 */
function advance(event, fields, next) {
  if (event.key !== "Enter" || event.isComposing || !(event.target instanceof HTMLInputElement))
    return;
  event.preventDefault();
  const { target } = event;
  const following = fields[fields.findIndex((field) => field.element.contains(target)) + 1];
  if (following) following.focus().focus();
  else next();
}

/**
 * @param {Question} question
 * @param {string | undefined} stored
 * @param {() => void} changed
 */
function createField(question, stored, changed) {
  const make =
    { likert: likertField, long_text: longField, number: numberField }[question.type] ?? textField;
  const value =
    stored ??
    (question.default === null || question.default === undefined ? "" : String(question.default));
  const field = make(question, value, changed);
  const label = question.label || question.name;
  return {
    ...field,
    name: question.name,
    problem: () => {
      if (field.value() === "")
        return question.optional
          ? null
          : { text: t("answer_missing", { question: label }), focus: field.focus() };
      return field.invalid?.() ?? null;
    },
  };
}

/**
 * @param {Question} question
 * @param {HTMLInputElement | HTMLTextAreaElement} control
 */
function labelled(question, control) {
  const id = uniqueId("question");
  control.id = id;
  control.name = question.name;
  if (!question.optional) control.required = true;
  return h(
    "div",
    { class: "question" },
    h("label", { for: id }, question.label || question.name, optionalMark(question)),
    control,
  );
}

/** @param {Question} question */
function optionalMark(question) {
  return question.optional ? h("span", { class: "optional", text: ` ${t("optional")}` }) : null;
}

/**
 * @param {Question} question
 * @param {string} value
 * @param {() => void} changed
 * @returns {Field}
 */
function textField(question, value, changed) {
  const input = h("input", {
    type: "text",
    value,
    maxlength: 2000,
    autocomplete: "off",
    on: { input: changed },
  });
  return {
    element: labelled(question, input),
    value: () => input.value.trim(),
    focus: () => input,
  };
}

/**
 * @param {Question} question
 * @param {string} value
 * @param {() => void} changed
 * @returns {Field}
 */
function longField(question, value, changed) {
  const area = h("textarea", { rows: 4, maxlength: 20000, on: { input: changed } });
  area.value = value;
  return { element: labelled(question, area), value: () => area.value.trim(), focus: () => area };
}

/**
 * @param {Question} question
 * @param {string} value
 * @param {() => void} changed
 * @returns {Field}
 */
function numberField(question, value, changed) {
  const { min, max } = question;
  const input = h("input", {
    type: "number",
    inputmode: "decimal",
    step: "any",
    value,
    min,
    max,
    on: { input: changed },
  });
  const range = [t("number_from", { min }), t("number_to", { max })]
    .filter((_, n) => [min, max][n] !== null && [min, max][n] !== undefined)
    .join(" ");
  // The value of a field with text that is not a number is empty; only `badInput` tells it from an empty field.
  const read = () => (input.validity.badInput ? "?" : input.value.trim());
  const outside = () =>
    input.validity.badInput || input.validity.rangeUnderflow || input.validity.rangeOverflow;
  const invalid = () =>
    outside()
      ? {
          text: `${t("number_wrong", { question: question.label || question.name })} ${range}`.trim(),
          focus: input,
        }
      : null;
  return { element: labelled(question, input), value: read, focus: () => input, invalid };
}

/**
 * @param {Question} question
 * @param {string} value
 * @param {() => void} changed
 * @returns {Field}
 */
function likertField(question, value, changed) {
  const made = choices(question.response ?? [], {
    chosen: value,
    words: (point) => point.label || point.value,
    onChoose: changed,
  });
  const element = h(
    "fieldset",
    { class: "question" },
    h("legend", {}, question.label || question.name, optionalMark(question)),
    h("div", { class: "choices" }, made.elements),
  );
  return { element, value: () => made.chosen() ?? "", focus: () => made.radios[0] };
}
