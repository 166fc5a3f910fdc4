// What the modules of this page pass to each other. Only the type checker reads this file; browsers are not sent it.
//
// The first half is the session's state as mushra_server/participant/session_state.py writes it and docs/formats.md
// describes it, and the answer as mushra_server/answers/checks.py expects it.

import type { TextKey } from "./i18n.js";
import type { Loader } from "./audio/loader.js";
import type { Ratings } from "./ui/ratings.js";

export interface SessionState {
  study: StudySettings;
  simulated: boolean;
  /** Whether the experimenter looks at the study: preview.js listens to the ribbon. */
  preview?: boolean;
  resume_url: string;
  position: number;
  /** Whether pages follow that depend on the answer to the last of these. */
  more: boolean;
  finished: boolean;
  completion: Completion | null;
  /** What the last page says to who has finished: null before. */
  popup_content?: string | null;
  pages: Page[];
}

export interface StudySettings {
  title: string;
  language: string;
  show_previous: boolean;
  lab: Lab | null;
}

export interface Lab {
  name: string | null;
  logo: string | null;
  contact: string | null;
  colours: Record<"light" | "dark", Record<"accent" | "ink" | "soft", string>> | null;
}

export interface Completion {
  code: string | null;
  redirect: string | null;
  /** Whether the session ended with a failed check. */
  screened_out?: boolean;
}

interface AnyPage {
  index: number;
  id: string;
  kind: "trial" | "training" | null;
  title: string;
  content: string;
  saved: boolean;
  answer: Answer | null;
}

export interface TextPage extends AnyPage {
  type: "generic" | "questionnaire";
  questionnaire?: Question[];
}

export interface FinishPage extends AnyPage {
  type: "finish";
  questionnaire?: Question[];
}

export interface ConsentPage extends AnyPage {
  type: "consent";
  must_consent: boolean;
}

export interface HeadphonePage extends AnyPage {
  type: "headphone_check";
  method: HeadphoneMethod;
  /** Whether the session ends if the check is failed. */
  screens_out: boolean;
}

/** A check of what listeners hear with, other than the one of headphones. */
export interface ScreenPage extends AnyPage {
  type: "hearing_check" | "environment_check";
  screens_out: boolean;
}

export type CheckPage = HeadphonePage | ScreenPage;

export interface VolumePage extends AnyPage {
  type: "volume";
  url: string;
  default_volume: number;
}

interface RatingPage extends AnyPage {
  reference: { url: string } | null;
  stimuli: Stimulus[];
  scales: PageScale[];
  prediction: string | null;
  loop: boolean;
  switch_back: boolean;
  show_waveform: boolean;
  must_listen: boolean;
  must_rate: boolean;
  allow_comments: boolean;
}

export interface MushraPage extends RatingPage {
  type: "mushra" | "bs1116";
  /** Whether one of the sounds is the reference, as the instructions say. */
  best_expected?: boolean;
}

export interface PairedPage extends RatingPage {
  type: "paired_comparison";
  unforced: string | null;
}

export interface LikertPage extends RatingPage {
  type: "likert_single_stimulus" | "likert_multi_stimulus";
  response: Point[][];
  must_playback: "ended" | "processUpdate" | boolean;
}

/** A page on which sounds are compared or chosen; `x` is the sound to be named on an ABX page. */
export interface ChoicePage extends RatingPage {
  type: "ab" | "abx" | "ccr" | "dcr" | "best_worst";
  ties?: boolean;
  x?: { url: string };
}

export type Page =
  | TextPage
  | FinishPage
  | ConsentPage
  | CheckPage
  | VolumePage
  | MushraPage
  | PairedPage
  | LikertPage
  | ChoicePage;

export type HeadphoneMethod = "antiphase" | "huggins";

/** A source of numbers from 0 to 1. */
export type Random = () => number;

/** The samples of a sound, left and right. */
export type Channels = Float32Array<ArrayBuffer>[];

/** One round of a check: which choice is right. The choices are the sounds themselves, unless numbers are given. */
export interface CheckRound {
  correct: number;
  sounds: Channels[];
  choices?: number[];
}

/** A kind of check; the texts are keys of i18n. */
export interface CheckKind {
  rounds: number;
  passMark: number;
  createRounds(sampleRate: number, random: Random): Generator<CheckRound, undefined, void>;
  /** What is stored next to the result. */
  stored?: Record<string, string>;
  texts: Record<"intro" | "question" | "again" | "passed" | "missing", TextKey>;
}

export interface Stimulus {
  key: string;
  url: string;
}

export interface PageScale {
  name: string;
  question: string | null;
  min: number;
  max: number;
  step: number;
  labels: string[];
  /** The values of a Likert scale; on this page also `true` if labels name scores rather than bands. */
  points?: string[] | true;
}

/** One of several points to choose from; the pictures are addresses. */
export interface Point {
  value: string;
  label: string | null;
  picture?: string;
  picture_chosen?: string;
  picture_below?: string;
}

export interface Question {
  type: string;
  name: string;
  label: string | null;
  optional: boolean;
  min: number | null;
  max: number | null;
  default: string | number | null;
  response: Point[];
}

export interface Answer {
  attempt: string;
  time_ms: number;
  ratings: Rating[];
  answers: Record<string, string>;
}

/** A score is a number, or the text of a Likert point. */
export type Score = number | string;

export interface Rating {
  key: string;
  attribute: string;
  score: Score | null;
  comment: string | null;
  listened_ms: number;
}

/** What a request is refused with; a proxy's own answer may have none of it. */
export interface Refusal {
  error?: string;
  reason?: string;
  missing?: number[];
}

// What modules pass to each other.

/** A sound of a page; `label` is how a listener knows it. */
export interface Sound extends Stimulus {
  label: string;
}

/** A page that plays sounds; with `separate` each sound has its own timeline. */
export type SoundPage =
  (VolumePage & { loop: boolean }) | MushraPage | PairedPage | LikertPage | ChoicePage;
export type RatedPage = MushraPage | PairedPage | LikertPage | ChoicePage;

/** The decoded sounds of a page; the rates differ if the browser resamples. */
export interface Loaded {
  context: AudioContext;
  buffers: Map<string, AudioBuffer>;
  nativeRate: number | null;
  playedRate: number;
  mixed: boolean;
}

/** A part of a sound, in frames. */
export interface Region {
  start: number;
  end: number;
}

export type Edge = keyof Region;

/** Which channels of a packed buffer are a sound's. */
export interface Place {
  first: number;
  count: number;
}

export interface Packed {
  buffer: AudioBuffer;
  places: Map<string, Place>;
}

/** What keeps a page from being left, and the control that puts it right. */
export interface Problem {
  text: string;
  focus?: HTMLElement | null;
}

/** A page as it is shown. A page of several steps has `forward`, `back`, `hasBack` and `nextLabel`. */
export interface View {
  element: HTMLElement;
  ready: boolean;
  answer(): Partial<Answer>;
  problem(): Problem | null;
  forward?(): boolean;
  back?(): boolean;
  hasBack?(): boolean;
  nextLabel?(): string | null;
  /** What a training page explains once before it is left. */
  advice?(): string | null;
  dispose?(): void;
}

/** A view whose sounds are loaded; `end` is called when it is left. */
export interface SoundView extends Omit<View, "ready" | "dispose"> {
  end?(): void;
}

/** What a page may use of the session. */
export interface Env {
  loader: Loader;
  volume: number;
  changed(): void;
  ready(): void;
  refresh(): void;
  next(): void;
}

/** A page's answer on its way to the server. */
export interface Entry {
  index: number;
  id: string;
  answer: Answer;
  /** When it was given, by this device's clock: no two have the same time. */
  at: number;
}

export interface ButtonState {
  playing: boolean;
  current: boolean;
  heard: boolean;
  /** How much of the sound was played, from 0 to 1, if each sound has its own timeline. */
  played?: number | null;
}

export interface PlayButton {
  element: HTMLButtonElement;
  show(state: ButtonState): void;
}

export interface LikertControl {
  element: HTMLFieldSetElement;
  first: HTMLInputElement;
  chosen(): string | null;
  enabled: boolean;
}

/** One Likert scale for one sound. */
export interface LikertEntry {
  key: string;
  control: LikertControl;
}

/** The control of a page's question, whether it was answered, and where the focus goes if not. */
export interface ChoiceControl {
  element: HTMLElement;
  chosen(): boolean;
  first: HTMLElement;
  /** Whether some of it was chosen and some not. */
  partial?(): boolean;
  /** The message if nothing was chosen. */
  missing: string;
}

/** A sound of a comparison: its full name, and what its button says. */
export interface NamedSound {
  key: string;
  name: string;
  short: string;
}

export interface LikertParts {
  page: LikertPage;
  ratings: Ratings;
  keys: string[];
  buttons: Map<string, PlayButton>;
  scales: LikertEntry[];
  name(key: string): string;
}

export type KeyHandlers = Record<string, (event: KeyboardEvent) => void>;

type Piece = Node | string | null | undefined | false;
export type Child = Piece | Piece[];

/** Properties of an element that `h` makes; any other becomes an attribute. */
export interface Properties {
  class?: string | null;
  text?: string | null;
  on?: { [Type in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[Type]) => void };
  data?: Record<string, string>;
  [attribute: string]: unknown;
}

declare global {
  interface Window {
    /** Safari before 14.1. */
    webkitAudioContext?: typeof AudioContext;
  }
}
