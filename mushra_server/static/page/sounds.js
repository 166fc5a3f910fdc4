// The sounds of a page.

import { t } from "./i18n.js";

export const OPEN = "open"; // the key of the sound that all others are compared with

/** The sounds of a page as {key, url, label}; the label is how a listener knows a sound. */
export function soundsOf(page) {
  if (!page) return [];
  const sounds = [];
  if (page.reference) sounds.push({ key: OPEN, url: page.reference.url, label: t("reference") });
  (page.stimuli ?? []).forEach((sound, n) =>
    sounds.push({ ...sound, label: t("sound_n", { n: n + 1 }) }),
  );
  if (page.url) sounds.push({ key: "sound", url: page.url, label: t("sound") });
  return sounds;
}
