// One participant's way through the pages.

import { ApiError, finishSession, loadSession } from "./api.js";
import { Loader } from "./audio/loader.js";
import { Delivery } from "./delivery.js";
import { t } from "./i18n.js";
import { OpenPage } from "./open_page.js";
import { present } from "./present.js";
import { placeOf, screensOut } from "./progress.js";
import { chosenVolume, soundsAhead, soundsOf } from "./sounds.js";
import { forgetStart } from "./start.js";
import { showLost, showMessage } from "./pages/message.js";
import { showThanks } from "./pages/thanks.js";

/**
 * @import { Entry, Env, Page, SessionState, View } from "./types.js"
 * @import { Shell } from "./ui/shell.js"
 */

export class Session {
  #state;
  #shell;
  #createPage;
  #loadPageTypes;
  #loader = new Loader();
  #delivery;
  #index = 0;
  /** @type {OpenPage | null} */
  #open = null;

  /**
   * `createPage` builds the view of a page, `loadPageTypes` makes one for more pages: see pages/index.js.
   *
   * @param {SessionState} state
   * @param {Shell} shell
   * @param {(page: Page, env: Env) => View} createPage
   * @param {(pages: Page[], more: boolean) => Promise<(page: Page, env: Env) => View>} loadPageTypes
   */
  constructor(state, shell, createPage, loadPageTypes) {
    this.#state = state;
    this.#createPage = createPage;
    this.#loadPageTypes = loadPageTypes;
    this.#shell = shell;
    this.#delivery = new Delivery(state.pages, {
      change: (unsent, offline) => shell.showConnection(unsent, offline),
      refused: (entry, error) => this.#refused(entry, error),
      lost: (error) => this.#stop(error),
    });
  }

  start() {
    const { study, pages, finished, resume_url: resume } = this.#state;
    this.#shell.begin(study, {
      resume,
      onNext: () => this.next(),
      onPrevious: () => this.previous(),
    });
    if (finished) {
      this.#thank(this.#state);
      return;
    }
    for (const [at, held] of this.#delivery.outbox.held(pages)) Object.assign(pages[at], held);
    if (pages.some((page) => page.saved && this.#ends(page))) {
      this.#finish();
      return;
    }
    // A page that was changed after it was stored counts as unsaved: it is shown first, and sent again when it is left.
    const open = pages.findIndex((page) => !page.saved);
    this.#show(open < 0 ? pages.length : open);
    this.#delivery.outbox.flush();
  }

  /** Leave the page forwards, if it is complete. */
  next() {
    if (!this.#open?.view.ready) return;
    const problem = this.#open.view.problem();
    if (problem) {
      this.#shell.showMissing(problem.text);
      problem.focus?.focus();
      return;
    }
    const advice = this.#open.advice();
    if (advice) {
      this.#shell.showHint(advice);
      return;
    }
    this.#leave();
  }

  /** The pages so far, and the one that is shown. */
  get place() {
    return { pages: this.#state.pages, index: this.#index };
  }

  /**
   * Show any page, as it is; only the experimenter's preview does.
   *
   * @param {number} index
   */
  jump(index) {
    if (index >= 0 && index < this.#state.pages.length) this.#show(index);
  }

  /** Leave the page forwards, whatever it lacks; only the experimenter's preview does. */
  pass() {
    if (this.#open?.view.ready) this.#leave();
  }

  /** Go to the page's next step, or to the next page. */
  #leave() {
    if (present(this.#open).view.forward?.()) this.#showStep();
    else {
      this.#save();
      if (this.#ends(this.#state.pages[this.#index])) this.#end();
      else this.#show(this.#index + 1);
    }
  }

  /** Go one step back, or one page if the study allows it; nothing is lost. */
  previous() {
    if (this.#open?.view.back?.()) this.#showStep();
    else if (this.#mayGoBack()) {
      this.#keepDraft();
      this.#show(this.#index - 1);
    }
  }

  #showStep() {
    this.#refresh();
    this.#shell.focusHeading();
  }

  #mayGoBack() {
    return (
      this.#state.study.show_previous && this.#index > 0 && this.#index < this.#state.pages.length
    );
  }

  #save() {
    const page = this.#state.pages[this.#index];
    if (page.saved) return; // opened again and not changed
    page.saved = true;
    this.#delivery.outbox.add(this.#index, page.id, present(this.#open).answer());
  }

  #keepDraft() {
    const page = this.#state.pages[this.#index];
    if (this.#open?.view.ready && !page.saved)
      this.#delivery.outbox.draft(this.#index, page.id, this.#open.answer());
  }

  /** @param {number} index */
  #show(index) {
    this.#close();
    if (index >= this.#state.pages.length) {
      if (this.#state.more) this.#continue();
      else this.#finish();
      return;
    }
    const { pages, more } = this.#state;
    const page = pages[index];
    this.#index = index;
    const ahead = soundsAhead(pages, index);
    this.#loader.keep([...soundsOf(page), ...ahead.flat()]);
    const view = this.#createPage(page, {
      loader: this.#loader,
      volume: chosenVolume(this.#state.pages),
      changed: () => this.#changed(),
      ready: () => {
        this.#refresh();
        this.#loader.preload(ahead);
      },
      refresh: () => this.#refresh(),
      next: () => this.next(),
    });
    this.#open = new OpenPage(page, view);
    this.#shell.showPage(page, view.element, placeOf(pages, index, more));
    this.#refresh();
    if (view.ready) this.#loader.preload(ahead);
  }

  #close() {
    this.#open?.close();
    this.#open = null;
  }

  #changed() {
    if (!this.#open) return; // it was left, and is seen until the next one is there
    const page = this.#state.pages[this.#index];
    page.saved = false; // a page that is opened again and changed is sent again when it is left
    this.#keepDraft();
    this.#refresh();
  }

  #refresh() {
    if (!this.#open) return;
    const { view } = this.#open;
    const last = this.#index === this.#state.pages.length - 1 && !this.#state.more;
    this.#shell.showControls({
      next: view.nextLabel?.() ?? (last ? t("finish") : t("next")),
      canGoBack: Boolean(view.hasBack?.()) || this.#mayGoBack(),
      ready: view.ready,
      problem: view.problem()?.text ?? null,
    });
  }

  /** @param {Page} page */
  #ends(page) {
    return screensOut(page) && !this.#state.preview;
  }

  /** Skip the pages that follow. */
  #end() {
    this.#close();
    this.#finish();
  }

  async #finish() {
    showMessage(this.#shell, { title: t("sending_title"), text: t("sending_text"), busy: true });
    await this.#afterAll(async () => {
      try {
        this.#thank({ ...this.#state, ...(await finishSession()) });
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 409 || error.missing.length === 0)
          throw error;
        for (const missing of error.missing) this.#state.pages[missing].saved = false;
        this.#show(error.missing[0]);
        this.#shell.showHint(t("page_missing"));
      }
    });
  }

  /** Load the pages that follow from the answers so far, or that another tab has opened since. */
  async #continue() {
    await this.#afterAll(async () => {
      const state = await loadSession();
      this.#createPage = await this.#loadPageTypes(state.pages, state.more);
      this.#state = state;
      const open = state.pages.findIndex((page) => !page.saved);
      this.#show(open < 0 ? state.pages.length : open);
    });
  }

  /** @param {() => Promise<void>} act */
  async #afterAll(act) {
    this.#index = this.#state.pages.length;
    await this.#delivery.afterAll(act, () => this.#index < this.#state.pages.length);
  }

  /** @param {SessionState} state */
  #thank(state) {
    forgetStart();
    showThanks(this.#shell, state);
  }

  /**
   * Say why nothing more can be stored from here, and how this session can be resumed.
   *
   * @param {ApiError} error
   */
  #stop(error) {
    this.#close();
    showLost(this.#shell, this.#state.resume_url, { error });
  }

  /**
   * @param {Entry} entry
   * @param {ApiError} error
   */
  #refused(entry, error) {
    if (error.reason === "answered") {
      // Another tab answered this page, and the pages after it depend on that answer; or the server has a backup
      // of before, in which this page does not follow yet.
      if (this.#index < this.#state.pages.length) {
        this.#close();
        this.#continue();
      }
      return;
    }
    if (error.reason === "finished") {
      // In another tab, which has not told this one.
      if (this.#index < this.#state.pages.length) this.#end();
      return;
    }
    const first = error.missing[0] ?? entry.index; // a page before it may have to be answered first
    for (const at of [first, entry.index]) this.#state.pages[at].saved = false;
    this.#show(first);
    this.#shell.showHint(`${t("page_refused")} (${error.message})`);
  }
}
